package dev.cohort.runtime.kafka;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Measures how long a reader has waited without progress. Only the time of tries counts, not the work between them, and any
 * progress resets it. Not thread-safe.
 */
final class Patience {
    private final long limitNanos;
    private final LongSupplier nanoTime;
    private long waitedNanos;
    private long triedNanos;

    /** @param nanoTime a monotonic clock, such as {@link System#nanoTime} */
    Patience(Duration limit, LongSupplier nanoTime) {
        this.limitNanos = limit.toNanos();
        this.nanoTime = nanoTime;
    }

    /** A try begins. */
    void tries() {
        triedNanos = nanoTime.getAsLong();
    }

    /** The try has ended. */
    void tried(boolean progress) {
        waitedNanos = progress ? 0 : waitedNanos + (nanoTime.getAsLong() - triedNanos);
    }

    boolean isOver() {
        return waitedNanos > limitNanos;
    }

    long limitSeconds() {
        return limitNanos / 1_000_000_000;
    }
}
