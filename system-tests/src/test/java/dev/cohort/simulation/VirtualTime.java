package dev.cohort.simulation;

import java.util.Comparator;
import java.util.PriorityQueue;

/** One queue of events in the order of their times, then of their making. */
final class VirtualTime {
    private final PriorityQueue<Event> events =
            new PriorityQueue<>(Comparator.comparingLong(Event::atMs).thenComparingLong(Event::order));
    private long nowMs;
    private long made;

    private record Event(long atMs, long order, Runnable action) {}

    long nowMs() {
        return nowMs;
    }

    /** Runs {@code action} at that time, or now if it is past. */
    void at(long atMs, Runnable action) {
        events.add(new Event(Math.max(nowMs, atMs), made++, action));
    }

    void after(long delayMs, Runnable action) {
        at(nowMs + delayMs, action);
    }

    /** Runs the next event; false if there is none up to {@code limitMs}. */
    boolean step(long limitMs) {
        Event next = events.peek();
        if (next == null || next.atMs() > limitMs) {
            return false;
        }
        events.remove();
        nowMs = next.atMs();
        next.action().run();
        return true;
    }
}
