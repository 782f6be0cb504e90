package dev.cohort.runtime.kafka;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Counts the milliseconds in which the broker was reachable. The clock runs for a short grace period after each contact and then
 * stops, so that an outage of the broker neither makes a peer look gone nor lets a deadline pass. Monotonic.
 */
public final class ReachableClock implements LongSupplier {
    private final LongSupplier nanoTime;
    private final long graceNanos;
    private long countedNanos;
    private long contactNanos;

    /**
     * @param nanoTime a monotonic clock, such as {@link System#nanoTime}
     * @param grace how long after a contact the broker counts as reachable; more than the time between two contacts
     */
    ReachableClock(LongSupplier nanoTime, Duration grace) {
        this.nanoTime = nanoTime;
        this.graceNanos = grace.toNanos();
        this.contactNanos = nanoTime.getAsLong();
    }

    /** Records that the broker answered. */
    synchronized void contact() {
        long now = nanoTime.getAsLong();
        countedNanos += Math.min(now - contactNanos, graceNanos);
        contactNanos = now;
    }

    /** Milliseconds since the start in which the broker was reachable. */
    @Override
    public synchronized long getAsLong() {
        return TimeUnit.NANOSECONDS.toMillis(countedNanos + Math.min(nanoTime.getAsLong() - contactNanos, graceNanos));
    }

    /** Whether the broker answered within the grace period. */
    public boolean isRunning() {
        return silentMs() <= TimeUnit.NANOSECONDS.toMillis(graceNanos);
    }

    /** Milliseconds of real time since the last contact. */
    public synchronized long silentMs() {
        return TimeUnit.NANOSECONDS.toMillis(nanoTime.getAsLong() - contactNanos);
    }
}
