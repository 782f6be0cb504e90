package dev.cohort.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class ComputingProcessTest {
    @Test
    void whatTheUserHasChosenStays() {
        Map<String, String> inherited = Map.of("MALLOC_TRIM_THRESHOLD_", "1", "OMP_NUM_THREADS", "8");
        assertThat(ComputingProcess.environment(2, inherited))
                .containsOnlyKeys("OMP_WAIT_POLICY", "MALLOC_MMAP_THRESHOLD_", "OMP_NUM_THREADS")
                .containsEntry("OMP_NUM_THREADS", "2");
    }
}
