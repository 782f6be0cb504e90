package dev.cohort.simulation;

import dev.cohort.protocol.Addressed;
import dev.cohort.protocol.Limits;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Positions;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.TensorPiece;
import dev.cohort.protocol.Topic;
import dev.cohort.protocol.wire.Decoding;
import dev.cohort.protocol.wire.MessageCodec;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The records of a run, as bytes: a total order within each partition, and none between partitions. Readers get
 * what the codec makes of the bytes, never the message that was written.
 */
final class SimulatedLog {
    private final MessageCodec codec = new MessageCodec("simulated", Limits.DEFAULT);
    private final SortedMap<Partition, List<Entry>> partitions = new TreeMap<>();
    private final int predictionPartitions;

    /** @param key number of a partition of predictions, slot of an addressed part, empty where there is one partition */
    record Partition(Topic topic, String key) implements Comparable<Partition> {
        Positions.Place place() {
            return new Positions.Place(topic, key.isEmpty() ? 0 : Integer.parseInt(key));
        }

        @Override
        public int compareTo(Partition other) {
            int byTopic = topic.compareTo(other.topic);
            return byTopic != 0 ? byTopic : key.compareTo(other.key);
        }
    }

    /**
     * One record.
     *
     * @param decoding of the bytes, made once
     */
    record Entry(Partition partition, long offset, String writer, ByteBuffer bytes, Decoding decoding) {
        Positions.Place place() {
            return partition.place();
        }

        /** Whether readers receive anything for it. */
        boolean readable() {
            return handed().isPresent();
        }

        /** What readers receive: its message, or the stand-in for a flawed prediction. */
        Message message() {
            return handed().orElseThrow(() -> new IllegalStateException("unreadable: " + decoding));
        }

        private Optional<Message> handed() {
            if (decoding instanceof Decoding.Rejected rejected) {
                return partition.topic() == Topic.PREDICTIONS
                        ? rejected.standIn().map(p -> p)
                        : Optional.empty();
            }
            return Optional.of(((Decoding.Accepted) decoding).message())
                    .filter(message -> Topic.of(message) == partition.topic());
        }

        /** Whether it reads as the message that was written. */
        boolean reads(Message written) {
            return decoding.equals(new Decoding.Accepted(written, writer));
        }
    }

    /** @param predictionPartitions a peer has one of them, perhaps with others */
    SimulatedLog(int predictionPartitions) {
        this.predictionPartitions = predictionPartitions;
    }

    /** Where a message belongs. */
    Partition partition(Message message) {
        if (message instanceof Prediction prediction) {
            return predictions(prediction.peer());
        } else if (message instanceof Addressed addressed) {
            return new Partition(Topic.ADDRESSED, Integer.toString(addressed.slot()));
        } else if (message instanceof TensorPiece piece) {
            return piece.use() == TensorPiece.Use.MAP
                    ? new Partition(Topic.MAPS, predictions(piece.peer()).key())
                    : new Partition(Topic.GRADIENTS, Integer.toString(piece.slot()));
        }
        return new Partition(Topic.of(message), "");
    }

    /** The partition with the predictions of a peer. */
    Partition predictions(PeerId peer) {
        int partition = Math.floorMod(peer.value().hashCode(), predictionPartitions);
        return new Partition(Topic.PREDICTIONS, Integer.toString(partition));
    }

    /** The peer that a prediction names, if {@code record} is one. */
    Optional<PeerId> speaker(byte[] record) {
        Decoding decoding = codec.decode(record);
        if (decoding instanceof Decoding.Rejected rejected) {
            return rejected.standIn().map(Prediction::peer);
        }
        return Optional.of(((Decoding.Accepted) decoding).message())
                .filter(Prediction.class::isInstance)
                .map(message -> ((Prediction) message).peer());
    }

    byte[] encode(String writer, Message message) {
        return codec.encode(message, writer);
    }

    /** @param record the log's own from now on */
    Entry append(String writer, Partition partition, byte[] record) {
        List<Entry> entries = partitions.computeIfAbsent(partition, p -> new ArrayList<>());
        ByteBuffer bytes = ByteBuffer.wrap(record).asReadOnlyBuffer();
        Entry entry = new Entry(partition, entries.size(), writer, bytes, codec.decode(record));
        entries.add(entry);
        return entry;
    }

    List<Partition> partitions() {
        return List.copyOf(partitions.keySet());
    }

    List<Entry> entries(Partition partition) {
        return Collections.unmodifiableList(partitions.getOrDefault(partition, List.of()));
    }

    /** The readable messages of a partition. */
    List<Message> messages(Partition partition) {
        return entries(partition).stream()
                .filter(Entry::readable)
                .map(Entry::message)
                .toList();
    }

    /** All messages of a type, partition by partition. */
    <M extends Message> List<M> all(Topic topic, Class<M> type) {
        return partitions.keySet().stream()
                .filter(p -> p.topic() == topic)
                .flatMap(p -> messages(p).stream())
                .filter(type::isInstance)
                .map(type::cast)
                .toList();
    }
}
