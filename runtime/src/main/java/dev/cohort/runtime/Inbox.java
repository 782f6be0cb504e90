package dev.cohort.runtime;

import java.util.ArrayDeque;
import java.util.Optional;

/**
 * The bounded queue between a poll thread and a step thread, in order of arrival. A message above the limit in bytes is accepted
 * when the queue is empty.
 */
final class Inbox implements Receiver {
    private final int messagesMax;
    private final long bytesMax;
    private final Runnable wake;
    private final ArrayDeque<Delivery> queue = new ArrayDeque<>();
    private long bytes;
    private boolean caughtUp;

    /** @param wake called by the poll thread after each message it adds */
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

    /** Whether everything that was in the log at the start has been polled; true once. */
    boolean takeCaughtUp() {
        synchronized (queue) {
            boolean now = caughtUp && queue.isEmpty();
            caughtUp &= !now;
            return now;
        }
    }

    /** Removes and returns the oldest message. */
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
