package dev.cohort.runtime;

import java.util.HashMap;
import java.util.Map;

/**
 * Which findings of a blocked thread are worth a line. Vert.x looks 20 times a second, so one pause of five seconds is found a
 * hundred times: it is said when it is first found, and again whenever it has become twice as long. Used by one thread.
 */
final class BlockReports {
    private final Map<String, Long> reportedMs = new HashMap<>();

    /** Whether {@code thread}, blocked for {@code blockedMs} so far, is to be said. */
    boolean isNews(String thread, long blockedMs) {
        long before = reportedMs.getOrDefault(thread, 0L);
        // Less than before: it was free in between.
        boolean news = blockedMs < before || blockedMs >= 2 * before;
        if (news) {
            reportedMs.put(thread, blockedMs);
        }
        return news;
    }
}
