package dev.cohort.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class BlockReportsTest {
    private final BlockReports reports = new BlockReports();

    @Test
    void reportsALongPauseWheneverItHasDoubled() {
        List<Long> reported = new ArrayList<>();
        for (long blockedMs = 250; blockedMs <= 5000; blockedMs += 50) {
            if (reports.isNews("loop", blockedMs)) {
                reported.add(blockedMs);
            }
        }
        assertThat(reported).containsExactly(250L, 500L, 1000L, 2000L, 4000L);
    }

    @Test
    void reportsTheNextPauseAfterALongOne() {
        reports.isNews("loop", 250);
        reports.isNews("loop", 600);
        assertThat(reports.isNews("loop", 240)).isTrue();
    }

    @Test
    void reportsEachThread() {
        reports.isNews("loop", 250);
        assertThat(reports.isNews("worker", 300)).isTrue();
    }
}
