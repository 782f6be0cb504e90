package dev.cohort.runtime.kafka;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** A running follower: one consumer with one poll thread. */
public interface Following extends AutoCloseable {
    /** Follows {@link dev.cohort.protocol.Topic#ADDRESSED} of this slot too, from the position that following began with, or its beginning. */
    void addSlot(int slot);

    /** Whether everything that was in the log when following began has been taken. */
    boolean isCaughtUp();

    /**
     * Waits for an answer that the receiver finds in the log, as long as records keep coming: a long log takes its time.
     *
     * @param silenceMax how long nothing may come
     * @return false when nothing came for so long, or following has ended, and there is no answer
     */
    boolean await(CompletableFuture<?> answer, Duration silenceMax) throws InterruptedException;

    /** Ends the poll thread; no delivery is offered after it returns. */
    @Override
    void close();
}
