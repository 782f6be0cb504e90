package dev.cohort.runtime.kafka;

/** A running follower: one consumer with one poll thread. */
public interface Following extends AutoCloseable {
    /** Follows {@link dev.cohort.protocol.Topic#ADDRESSED} of this slot too, from the position that following began with, or its beginning. */
    void addSlot(int slot);

    /** Whether everything that was in the log when following began has been taken. */
    boolean isCaughtUp();

    /** Ends the poll thread; no delivery is offered after it returns. */
    @Override
    void close();
}
