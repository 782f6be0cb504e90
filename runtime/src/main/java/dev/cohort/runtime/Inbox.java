package dev.cohort.runtime;

import java.util.ArrayDeque;
import java.util.Optional;

/**
 * The bounded queue between a poll thread and a step thread, in order of arrival. A single message may be larger than the limit
 * in bytes: it then waits alone.
 */
final class Inbox implements Receiver {
    private final int messagesMax;
    private final long bytesMax;
    private final Runnable wake;
    private final ArrayDeque<Delivery> queue = new ArrayDeque<>();
    private long bytes;
    private boolean caughtUp;

    /** @param wake called by the poll thread after each message it put in */
    Inbox(int messagesMax, long bytesMax, Runnable wake) {
        this.messagesMax = messagesMax;
        this.bytesMax = bytesMax;
        this.wake = wake;
    }

    @Override
    public boolean offer(Delivery delivery) {
        synchronized (queue) {
            boolean full = queue.size() >= messagesMax || bytes + delivery.bytes() > bytesMax;
            if (full && !queue.isEmpty()) {
                return false;
            }
            queue.add(delivery);
            bytes += delivery.bytes();
        }
        wake.run();
        return true;
    }

    @Override
    public void caughtUp() {
        synchronized (queue) {
            caughtUp = true;
        }
        wake.run();
    }

    /** Whether everything that was in the log at the start has been taken out; true once. */
    boolean takeCaughtUp() {
        synchronized (queue) {
            boolean now = caughtUp && queue.isEmpty();
            caughtUp &= !now;
            return now;
        }
    }

    /** The oldest message, taken out. */
    Optional<Delivery> poll() {
        synchronized (queue) {
            Optional<Delivery> oldest = Optional.ofNullable(queue.poll());
            oldest.ifPresent(d -> bytes -= d.bytes());
            return oldest;
        }
    }

    int size() {
        synchronized (queue) {
            return queue.size();
        }
    }
}
