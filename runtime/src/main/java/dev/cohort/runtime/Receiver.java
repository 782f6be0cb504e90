package dev.cohort.runtime;

/** Takes what a follower reads. All methods are called by the poll thread and must not block. */
public interface Receiver {
    /** Takes one message, or returns false when full: the same delivery is offered again a little later. */
    boolean offer(Delivery delivery);

    /** Everything that was in the log when following began has been taken. */
    default void caughtUp() {}

    /** A record that is not a message of this run; it was counted and is left out. */
    default void rejected(RejectedRecord record) {}
}
