package dev.cohort.runtime.kafka;

import dev.cohort.protocol.Limits;
import dev.cohort.protocol.Positions;
import dev.cohort.protocol.Topic;
import dev.cohort.protocol.wire.MessageCodec;
import java.time.Duration;
import java.util.List;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;

/** Reads the log of a run from a broker, each partition up to its end when reading begins. */
public final class ConsumedLog implements RawLog {
    /** A broker that sends nothing for so long is gone, or hangs. */
    private static final Duration SILENCE_MAX = Duration.ofMinutes(5);

    private final KafkaAddress address;
    private final String runId;
    private final long recordsMax;
    private final MessageCodec codec;
    private final KafkaConsumer<byte[], byte[]> topics;

    private ConsumedLog(KafkaAddress address, String runId, long recordsMax) {
        this.address = address;
        this.runId = runId;
        this.recordsMax = recordsMax;
        codec = new MessageCodec(runId, Limits.DEFAULT);
        topics = new KafkaConsumer<>(ClientSettings.consumer(address, "replay-topics"));
    }

    /**
     * Opens the log of a run.
     *
     * @throws RunLogException when the broker knows no such run
     */
    public static ConsumedLog open(KafkaAddress address, String runId) {
        return openEnd(address, runId, Long.MAX_VALUE);
    }

    /**
     * Opens the end of the log of a run, to find the newest messages quickly.
     *
     * @param recordsMax number of records read from each partition, at least 1
     * @throws RunLogException when the broker knows no such run
     */
    public static ConsumedLog openEnd(KafkaAddress address, String runId, long recordsMax) {
        ConsumedLog log = new ConsumedLog(address, runId, recordsMax);
        if (log.partitions(Topic.RUN) == 0) {
            log.close();
            throw new RunLogException("run " + runId + ": broker " + address + " knows no such run", null);
        }
        return log;
    }

    @Override
    public String runId() {
        return runId;
    }

    @Override
    public int partitions(Topic topic) {
        try {
            List<PartitionInfo> found = topics.partitionsFor(TopicPlan.topicName(runId, topic));
            return found == null ? 0 : found.size();
        } catch (KafkaException e) {
            throw new RunLogException("broker " + address + ": cannot look up topics (" + e.getMessage() + ")", e);
        }
    }

    @Override
    public Reading read(Topic topic, int partition) {
        return new Decoded(topic, partition, codec, raw(topic, partition));
    }

    @Override
    public RawReading raw(Topic topic, int partition) {
        if (partition >= partitions(topic)) {
            return RawReading.missing("broker " + address + " has no partition " + partition + " of topic "
                    + TopicPlan.topicName(runId, topic));
        }
        KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                ClientSettings.consumer(address, "replay-" + new Positions.Place(topic, partition)));
        try {
            return new ConsumedPartition(
                    consumer,
                    address,
                    new TopicPartition(TopicPlan.topicName(runId, topic), partition),
                    TopicPlan.gaps(topic),
                    recordsMax,
                    new Patience(SILENCE_MAX, System::nanoTime));
        } catch (RuntimeException e) {
            consumer.close(CloseOptions.timeout(Duration.ofSeconds(1)));
            throw e;
        }
    }

    @Override
    public void close() {
        topics.close(CloseOptions.timeout(Duration.ofSeconds(5)));
    }
}
