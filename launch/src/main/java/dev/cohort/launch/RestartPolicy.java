package dev.cohort.launch;

import java.util.ArrayDeque;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * When a process that died is started again: with growing delays, and not at all once it dies too often or complains of the same
 * thing again and again. However slowly it gets there: a peer that fails at the same step each time would be started for ever. Pure.
 */
final class RestartPolicy {
    static final int DEATHS_MAX = 5;
    static final long WINDOW_MS = 60_000;
    private static final long FIRST_DELAY_MS = 250;
    private static final long DELAY_MS_MAX = 8_000;

    private final ArrayDeque<Long> deaths = new ArrayDeque<>();
    private Optional<String> complaint = Optional.empty();
    private int complaints;

    /**
     * Records a death and returns the delay before the next start in ms; empty = give up.
     *
     * @param complaint what the process failed of, without the time; empty if it was killed
     */
    OptionalLong died(long nowMs, Optional<String> complaint) {
        complaints = complaint.isEmpty() ? 0 : complaint.equals(this.complaint) ? complaints + 1 : 1;
        this.complaint = complaint;
        deaths.addLast(nowMs);
        while (nowMs - deaths.getFirst() >= WINDOW_MS) {
            deaths.removeFirst();
        }
        int often = Math.max(deaths.size(), complaints);
        if (often >= DEATHS_MAX) {
            return OptionalLong.empty();
        }
        return OptionalLong.of(Math.min(DELAY_MS_MAX, FIRST_DELAY_MS << (often - 1)));
    }

    /** How often it died, for the one who is told that it was given up. */
    String often() {
        return DEATHS_MAX + (complaints >= DEATHS_MAX ? " times in a row" : " times in a minute");
    }
}
