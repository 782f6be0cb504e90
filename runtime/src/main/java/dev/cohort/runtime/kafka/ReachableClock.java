package dev.cohort.runtime.kafka;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Milliseconds in which the broker could be reached. It runs for a short grace period after each contact and stands still after
 * that, so that nobody is declared gone, and no deadline passes, because of an outage of the broker. Never runs backwards.
 */
public final class ReachableClock implements LongSupplier {
    private final LongSupplier nanoTime;
    private final long graceNanos;
    private long countedNanos;
    private long contactNanos;

    /**
     * @param nanoTime a clock that never runs backwards, as {@link System#nanoTime}
     * @param grace how long after a contact the broker still counts as reachable; more than the time between two contacts
     */
    ReachableClock(LongSupplier nanoTime, Duration grace) {
        this.nanoTime = nanoTime;
        this.graceNanos = grace.toNanos();
        this.contactNanos = nanoTime.getAsLong();
    }

    /** The broker answered. */
    synchronized void contact() {
        long now = nanoTime.getAsLong();
        countedNanos += Math.min(now - contactNanos, graceNanos);
        contactNanos = now;
    }

    /** Milliseconds since the start in which the broker could be reached. */
    @Override
    public synchronized long getAsLong() {
        return TimeUnit.NANOSECONDS.toMillis(countedNanos + Math.min(nanoTime.getAsLong() - contactNanos, graceNanos));
    }

    /** Whether the broker answered within the grace period. */
    public boolean isRunning() {
        return silentMs() <= TimeUnit.NANOSECONDS.toMillis(graceNanos);
    }

    /** Milliseconds since the last contact, by the wall. */
    public synchronized long silentMs() {
        return TimeUnit.NANOSECONDS.toMillis(nanoTime.getAsLong() - contactNanos);
    }
}
