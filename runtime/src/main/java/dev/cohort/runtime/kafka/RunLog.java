package dev.cohort.runtime.kafka;

import dev.cohort.protocol.Manifest;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Topic;
import dev.cohort.runtime.Appender;
import dev.cohort.runtime.Faults;
import dev.cohort.runtime.Receiver;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/** One process's connection to the topics of one run. */
@SuppressWarnings("DoNotCallSuggester")
public final class RunLog implements Appender, AutoCloseable {
    private RunLog() {}

    /**
     * Connects.
     *
     * @param sender name of this process in the records it writes
     * @param faults told when a message can never be appended
     */
    public static RunLog connect(KafkaAddress address, String runId, String sender, Faults faults) {
        throw new UnsupportedOperationException(address + runId + sender + faults);
    }

    /** Makes the topics of the run that are not there yet. */
    public void createTopics(TopicPlan plan) {
        throw new UnsupportedOperationException();
    }

    /** Whether the run's topics are there. */
    public boolean exists() {
        throw new UnsupportedOperationException();
    }

    /** The first manifest of the run. */
    public Manifest awaitManifest(Duration limit) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void append(List<Message> messages) {
        throw new UnsupportedOperationException();
    }

    /** Waits until everything appended so far is acknowledged; false when that took longer than {@code limit}. */
    public boolean flush(Duration limit) {
        throw new UnsupportedOperationException();
    }

    /** Follows topics with one consumer and one poll thread. */
    public Following follow(Set<Topic> topics, OptionalInt addressedSlot, From from, Receiver receiver) {
        throw new UnsupportedOperationException();
    }

    /** Whether the broker answered lately. */
    public boolean brokerReachable() {
        throw new UnsupportedOperationException();
    }

    /** Milliseconds in which the broker could be reached; stands still while it cannot. */
    public long nowMs() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {
        throw new UnsupportedOperationException();
    }
}
