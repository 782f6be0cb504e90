package dev.cohort.runtime.kafka;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * How long something was waited for in vain. Only waiting counts, not what is done between two tries, and every bit of progress begins
 * it anew: whoever works for hours on what comes has not waited. One thread.
 */
final class Patience {
    private final long limitNanos;
    private final LongSupplier nanoTime;
    private long waitedNanos;
    private long triedNanos;

    /** @param nanoTime a clock that never runs backwards, as {@link System#nanoTime} */
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
