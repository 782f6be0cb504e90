package dev.cohort.runtime.kafka;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** A running follower: one consumer with one poll thread. */
public interface Following extends AutoCloseable {
    /**
     * Also follows {@link dev.cohort.protocol.Topic#ADDRESSED} of this slot, and its gradients if they were named, from their start
     * positions or their beginnings.
     */
    void addSlot(int slot);

    /** Whether everything that was in the log when following began has been delivered. */
    boolean isCaughtUp();

    /**
     * Waits for an answer that the receiver finds in the log, as long as records keep arriving: reading a long log takes time.
     *
     * @param silenceMax longest time without a record
     * @return false when no record arrived for so long, or following has ended, without an answer
     */
    boolean await(CompletableFuture<?> answer, Duration silenceMax) throws InterruptedException;

    /** Ends the poll thread; no delivery is offered after it returns. */
    @Override
    void close();
}
