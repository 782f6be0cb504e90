package dev.cohort.runtime.kafka;

import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.Addressed;
import dev.cohort.protocol.Limits;
import dev.cohort.protocol.MapShapes;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.TensorPiece;
import dev.cohort.protocol.Topic;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;

/**
 * Partitions and settings of the topics of a run.
 *
 * @param slots number of partitions of {@link Topic#ADDRESSED} and {@link Topic#GRADIENTS}, one per slot
 * @param predictionPartitions number of partitions of {@link Topic#PREDICTIONS} and {@link Topic#MAPS}
 * @param replication number of copies of each partition
 * @param batchesBytesMax bytes of {@link Topic#BATCHES} that are kept; empty keeps all
 * @param mapsBytesMax bytes of each partition of {@link Topic#MAPS} and {@link Topic#GRADIENTS} that are kept; empty for a run
 *     without these topics, whose method reads no feature maps
 */
public record TopicPlan(
        int slots, int predictionPartitions, int replication, OptionalLong batchesBytesMax, OptionalLong mapsBytesMax) {
    /**
     * Largest record of broker, topics, producers and consumers: the codec's limit, plus some room for Kafka's own fields.
     */
    public static final int RECORD_BYTES_MAX = Limits.DEFAULT.messageBytesMax() + (64 << 10);

    /** With three copies, a record is acknowledged when two are written, so that one broker may be away. */
    private static final int REPLICATION_FOR_TWO_ACKS = 3;

    /** A prime, so that snapshots at regular intervals use all keys in turn, and the newest ones are kept. */
    private static final int SNAPSHOT_KEYS = 13;

    private static final String UNLIMITED = "-1";
    private static final Set<String> AT_LEAST =
            Set.of("max.message.bytes", "min.insync.replicas", "retention.bytes", "retention.ms");

    private static final int SEGMENT_BYTES = 64 << 20;
    /** The broker deletes whole segments, and never the newest one. */
    private static final int SEGMENTS_KEPT = 8;

    private static final int SEGMENT_BYTES_MIN = 2 << 20;
    private static final int PREDICTION_PARTITIONS_MAX = 16;
    /** Pixels are large and can be rendered again, so they need not be kept; all other topics are. */
    private static final long PIXELS_BYTES_MAX = 4L << 30;

    public TopicPlan {
        atLeastOne(slots, "slots");
        atLeastOne(predictionPartitions, "partitions of the predictions");
        atLeastOne(replication, "replication");
    }

    /** The topics of an experiment whose method reads {@code maps}. */
    public static TopicPlan of(Experiment experiment, MapShapes maps) {
        TopicPlan plan = of(experiment);
        boolean none = maps.bySlot().isEmpty();
        return new TopicPlan(
                plan.slots,
                plan.predictionPartitions,
                plan.replication,
                plan.batchesBytesMax,
                none
                        ? OptionalLong.empty()
                        : OptionalLong.of((long) experiment.wire().mapsKeptMebibytes() << 20));
    }

    /** Without feature maps. */
    public TopicPlan(int slots, int predictionPartitions, int replication, OptionalLong batchesBytesMax) {
        this(slots, predictionPartitions, replication, batchesBytesMax, OptionalLong.empty());
    }

    /** The topics of an experiment whose method reads no feature maps. */
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

    /** A peer's partition of {@link Topic#PREDICTIONS}: equal in every process and version. */
    public static int predictionPartition(PeerId peer, int partitions) {
        atLeastOne(partitions, "partitions of topic " + Topic.PREDICTIONS.suffix());
        int hash = 0x811c9dc5; // FNV-1a
        for (byte b : peer.value().getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ b) * 0x01000193;
        }
        return Math.floorMod(hash, partitions);
    }

    /** The partition of a piece: that of its peer's predictions, or of its peer's slot for a gradient. */
    static int piecePartition(TensorPiece piece, int partitions) {
        return switch (piece.use()) {
            case MAP -> predictionPartition(piece.peer(), partitions);
            case GRADIENT -> piece.slot();
        };
    }

    /**
     * Why a message is on the wrong partition.
     *
     * @param partition where it was found
     * @param partitions number of partitions of its topic; ignored for {@link Topic#ADDRESSED}
     * @return empty when the partition is right
     */
    static Optional<String> misplaced(Message message, int partition, int partitions) {
        if (message instanceof Prediction prediction) {
            int right = predictionPartition(prediction.peer(), partitions);
            return right == partition
                    ? Optional.empty()
                    : Optional.of("on partition " + partition + " of " + partitions + ", predictions of "
                            + prediction.peer() + " belong on " + right);
        } else if (message instanceof TensorPiece piece) {
            int right = piecePartition(piece, partitions);
            return right == partition
                    ? Optional.empty()
                    : Optional.of("on partition " + partition + " of " + partitions + ", pieces for " + piece.peer()
                            + " in slot " + piece.slot() + " belong on " + right);
        } else if (message instanceof Addressed part && part.slot() != partition) {
            return Optional.of(
                    "on partition " + partition + ", parts for slot " + part.slot() + " belong on " + part.slot());
        }
        return Optional.empty();
    }

    /** Key of a snapshot in its compacted topic: snapshots of different steps share keys, so that older ones are removed. */
    static String snapshotKey(long step) {
        return Long.toString(Math.floorMod(step, SNAPSHOT_KEYS));
    }

    /** Whether the broker keeps only the last record of each key. */
    private static boolean compacted(Topic topic) {
        return topic == Topic.RUN || topic == Topic.SNAPSHOTS;
    }

    /** Where gaps between the offsets of a topic are normal. */
    static Gaps gaps(Topic topic) {
        boolean bounded = topic == Topic.MAPS || topic == Topic.GRADIENTS;
        return compacted(topic) ? Gaps.ANYWHERE : bounded ? Gaps.AT_THE_BEGINNING : Gaps.NOWHERE;
    }

    /** Number of partitions of {@code topic}; 0 if the run does not have it. */
    public int partitions(Topic topic) {
        return switch (topic) {
            case PREDICTIONS -> predictionPartitions;
            case ADDRESSED -> slots;
            case MAPS -> mapsBytesMax.isPresent() ? predictionPartitions : 0;
            case GRADIENTS -> mapsBytesMax.isPresent() ? slots : 0;
            default -> 1;
        };
    }

    /** The settings of {@code topic} on the broker. */
    public Map<String, String> settings(Topic topic) {
        TreeMap<String, String> settings = new TreeMap<>();
        settings.put("cleanup.policy", compacted(topic) ? "compact" : "delete");
        // The broker's time of append: the clocks of senders may differ.
        settings.put("message.timestamp.type", "LogAppendTime");
        settings.put("max.message.bytes", Integer.toString(RECORD_BYTES_MAX));
        OptionalLong kept = kept(topic);
        settings.put("segment.bytes", Long.toString(segmentBytes(topic, kept)));
        settings.put("min.insync.replicas", Integer.toString(replication >= REPLICATION_FOR_TWO_ACKS ? 2 : 1));
        settings.put("retention.ms", UNLIMITED);
        settings.put("retention.bytes", kept.isPresent() ? Long.toString(kept.getAsLong()) : UNLIMITED);
        return Collections.unmodifiableMap(settings);
    }

    /** Bytes of each partition that are kept; empty for all. */
    private OptionalLong kept(Topic topic) {
        return switch (topic) {
            case BATCHES -> batchesBytesMax;
            case MAPS, GRADIENTS -> mapsBytesMax;
            default -> OptionalLong.empty();
        };
    }

    private static long segmentBytes(Topic topic, OptionalLong kept) {
        return topic == Topic.BATCHES || kept.isEmpty()
                ? SEGMENT_BYTES
                : Math.max(SEGMENT_BYTES_MIN, Math.min(SEGMENT_BYTES, kept.getAsLong() / SEGMENTS_KEPT));
    }

    /**
     * A topic as found on a broker.
     *
     * @param replicas number of copies of the partition with the fewest
     * @param settings by name; missing ones are unknown
     */
    public record Found(int partitions, int replicas, Map<String, String> settings) {
        public Found {
            settings = Collections.unmodifiableMap(new TreeMap<>(settings));
        }
    }

    /** The differences from this plan, each as {@code TOPIC NAME is VALUE, must be VALUE}; a topic may keep more than it must. */
    public List<String> differences(Topic topic, Found found) {
        List<String> differences = new ArrayList<>();
        if (found.partitions() != partitions(topic)) {
            differences.add(
                    topic.suffix() + " has " + found.partitions() + " partitions, must have " + partitions(topic));
        }
        if (found.replicas() < replication) {
            differences.add(topic.suffix() + " has " + found.replicas() + " replicas, must have " + replication);
        }
        settings(topic).forEach((name, wanted) -> {
            String is = found.settings().getOrDefault(name, wanted);
            if (!suffices(name, wanted, is)) {
                differences.add(topic.suffix() + " " + name + " is " + is + ", must be "
                        + (AT_LEAST.contains(name) && !wanted.equals(UNLIMITED) ? "at least " : "") + wanted);
            }
        });
        return differences;
    }

    private static boolean suffices(String name, String wanted, String is) {
        if (name.equals("cleanup.policy")) {
            // Keeping all records is enough where the newest of each key is.
            return wanted.equals("compact") || is.equals(wanted);
        } else if (AT_LEAST.contains(name) && is.matches("-?[0-9]{1,18}")) {
            boolean all = is.equals(UNLIMITED) && name.startsWith("retention");
            return all || (!wanted.equals(UNLIMITED) && Long.parseLong(is) >= Long.parseLong(wanted));
        }
        // The size of segments does not matter to Cohort.
        return name.equals("segment.bytes") || is.equals(wanted);
    }

    private static void atLeastOne(int value, String name) {
        if (value < 1) {
            throw new IllegalArgumentException(name + " " + value + ": must be at least 1");
        }
    }
}
