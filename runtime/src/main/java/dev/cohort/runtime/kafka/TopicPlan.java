package dev.cohort.runtime.kafka;

import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.Addressed;
import dev.cohort.protocol.Limits;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.Topic;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * How the topics of a run are made.
 *
 * @param slots partitions of {@link Topic#ADDRESSED}, one per slot
 * @param predictionPartitions partitions of {@link Topic#PREDICTIONS}
 * @param replication copies of each partition
 * @param batchesBytesMax how much of {@link Topic#BATCHES} is kept; empty keeps all
 */
public record TopicPlan(int slots, int predictionPartitions, int replication, OptionalLong batchesBytesMax) {
    /**
     * Largest record, everywhere: broker, topics, producers and consumers. What the codec allows, and some room for Kafka's own
     * fields.
     */
    public static final int RECORD_BYTES_MAX = Limits.DEFAULT.messageBytesMax() + (64 << 10);

    /** With three copies a record is acknowledged when two are made, and one broker may be away. */
    private static final int REPLICATION_FOR_TWO_ACKS = 3;

    private static final int SEGMENT_BYTES = 64 << 20;
    private static final int PREDICTION_PARTITIONS_MAX = 16;
    /** Pixels are large and can be rendered again; everything else is the record of the run. */
    private static final long PIXELS_BYTES_MAX = 4L << 30;

    public TopicPlan {
        atLeastOne(slots, "slots");
        atLeastOne(predictionPartitions, "partitions of the predictions");
        atLeastOne(replication, "replication");
    }

    /** The topics an experiment needs. */
    public static TopicPlan of(Experiment experiment) {
        boolean pixels = experiment.data().mode() == Experiment.Data.Delivery.PIXELS;
        int slots = experiment.elastic().max();
        return new TopicPlan(
                slots,
                Math.min(PREDICTION_PARTITIONS_MAX, slots),
                experiment.kafka().replication(),
                pixels ? OptionalLong.of(PIXELS_BYTES_MAX) : OptionalLong.empty());
    }

    /** Name of a topic on the broker. */
    public static String topicName(String runId, Topic topic) {
        return "cohort." + runId + "." + topic.suffix();
    }

    /** Partition of {@link Topic#PREDICTIONS} of a peer: the same in every process and version. */
    public static int predictionPartition(PeerId peer, int partitions) {
        atLeastOne(partitions, "partitions of topic " + Topic.PREDICTIONS.suffix());
        int hash = 0x811c9dc5; // FNV-1a
        for (byte b : peer.value().getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ b) * 0x01000193;
        }
        return Math.floorMod(hash, partitions);
    }

    /**
     * What is wrong with the partition of a message.
     *
     * @param partition on which it was found
     * @param partitions of its topic; of {@link Topic#ADDRESSED} any number
     * @return empty when it is where it belongs
     */
    static Optional<String> misplaced(Message message, int partition, int partitions) {
        if (message instanceof Prediction prediction) {
            int right = predictionPartition(prediction.peer(), partitions);
            return right == partition
                    ? Optional.empty()
                    : Optional.of("on partition " + partition + " of " + partitions + ", predictions of "
                            + prediction.peer() + " belong on " + right);
        } else if (message instanceof Addressed part && part.slot() != partition) {
            return Optional.of(
                    "on partition " + partition + ", parts for slot " + part.slot() + " belong on " + part.slot());
        }
        return Optional.empty();
    }

    /** Whether the broker keeps the last record of each key alone, so that offsets are missing in a whole log. */
    static boolean compacted(Topic topic) {
        return topic == Topic.RUN || topic == Topic.SNAPSHOTS;
    }

    /** Number of partitions of {@code topic}. */
    public int partitions(Topic topic) {
        return switch (topic) {
            case PREDICTIONS -> predictionPartitions;
            case ADDRESSED -> slots;
            default -> 1;
        };
    }

    /** The settings of {@code topic} on the broker. */
    public Map<String, String> settings(Topic topic) {
        TreeMap<String, String> settings = new TreeMap<>();
        settings.put("cleanup.policy", compacted(topic) ? "compact" : "delete");
        // When something was said is when the broker took it: senders' clocks may differ.
        settings.put("message.timestamp.type", "LogAppendTime");
        settings.put("max.message.bytes", Integer.toString(RECORD_BYTES_MAX));
        settings.put("segment.bytes", Integer.toString(SEGMENT_BYTES));
        settings.put("min.insync.replicas", Integer.toString(replication >= REPLICATION_FOR_TWO_ACKS ? 2 : 1));
        settings.put("retention.ms", "-1");
        boolean bounded = topic == Topic.BATCHES && batchesBytesMax.isPresent();
        settings.put("retention.bytes", bounded ? Long.toString(batchesBytesMax.getAsLong()) : "-1");
        return Collections.unmodifiableMap(settings);
    }

    private static void atLeastOne(int value, String name) {
        if (value < 1) {
            throw new IllegalArgumentException(name + " " + value + ": must be at least 1");
        }
    }
}
