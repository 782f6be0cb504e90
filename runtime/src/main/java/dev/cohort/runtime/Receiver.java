package dev.cohort.runtime;

/** Receives the messages that a follower reads. The poll thread calls all methods; they must not block. */
public interface Receiver {
    /** Takes one message, or returns false when full: the same delivery is offered again a little later. */
    boolean offer(Delivery delivery);

    /** Everything that was in the log when following began has been delivered. */
    default void caughtUp() {}

    /** A record that is not a message of this run; it has been counted and is skipped. */
    default void rejected(RejectedRecord record) {}
}
