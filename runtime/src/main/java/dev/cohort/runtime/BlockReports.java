package dev.cohort.runtime;

import java.util.HashMap;
import java.util.Map;

/**
 * Decides which findings of a blocked thread are logged. Vert.x checks 20 times a second, so it finds one pause of five seconds a
 * hundred times: a pause is logged when first found, and again whenever it has doubled. Not thread-safe.
 */
final class BlockReports {
    private final Map<String, Long> reportedMs = new HashMap<>();

    /** Whether to log that {@code thread} has been blocked for {@code blockedMs}. */
    boolean isNews(String thread, long blockedMs) {
        long before = reportedMs.getOrDefault(thread, 0L);
        // Less than before: the thread was free in between.
        boolean news = blockedMs < before || blockedMs >= 2 * before;
        if (news) {
            reportedMs.put(thread, blockedMs);
        }
        return news;
    }
}
