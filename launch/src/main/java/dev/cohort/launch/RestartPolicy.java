package dev.cohort.launch;

import java.util.ArrayDeque;
import java.util.OptionalLong;

/** When a process that died is started again: with growing delays, and not at all once it dies too often. Pure. */
final class RestartPolicy {
    static final int DEATHS_MAX = 5;
    static final long WINDOW_MS = 60_000;
    private static final long FIRST_DELAY_MS = 250;
    private static final long DELAY_MS_MAX = 8_000;

    private final ArrayDeque<Long> deaths = new ArrayDeque<>();

    /** Records a death and returns the delay before the next start in ms; empty = give up. */
    OptionalLong died(long nowMs) {
        deaths.addLast(nowMs);
        while (nowMs - deaths.getFirst() >= WINDOW_MS) {
            deaths.removeFirst();
        }
        if (deaths.size() >= DEATHS_MAX) {
            return OptionalLong.empty();
        }
        return OptionalLong.of(Math.min(DELAY_MS_MAX, FIRST_DELAY_MS << (deaths.size() - 1)));
    }
}
