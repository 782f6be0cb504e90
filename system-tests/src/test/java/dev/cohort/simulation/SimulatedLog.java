package dev.cohort.simulation;

import dev.cohort.protocol.Addressed;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Positions;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.Topic;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** The records of a run: a total order within each partition, and no order at all between partitions. */
final class SimulatedLog {
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

    /** One record. */
    record Entry(Partition partition, long offset, String writer, Message message) {
        Positions.Place place() {
            return partition.place();
        }
    }

    /** @param predictionPartitions a peer has one of them, perhaps with others */
    SimulatedLog(int predictionPartitions) {
        this.predictionPartitions = predictionPartitions;
    }

    private Partition partition(Message message) {
        if (message instanceof Prediction prediction) {
            int partition = Math.floorMod(prediction.peer().value().hashCode(), predictionPartitions);
            return new Partition(Topic.PREDICTIONS, Integer.toString(partition));
        } else if (message instanceof Addressed addressed) {
            return new Partition(Topic.ADDRESSED, Integer.toString(addressed.slot()));
        }
        return new Partition(Topic.of(message), "");
    }

    Entry append(String writer, Message message) {
        Partition partition = partition(message);
        List<Entry> entries = partitions.computeIfAbsent(partition, p -> new ArrayList<>());
        Entry entry = new Entry(partition, entries.size(), writer, message);
        entries.add(entry);
        return entry;
    }

    List<Partition> partitions() {
        return List.copyOf(partitions.keySet());
    }

    List<Entry> entries(Partition partition) {
        return Collections.unmodifiableList(partitions.getOrDefault(partition, List.of()));
    }

    /** All messages of a type, partition by partition. */
    <M extends Message> List<M> all(Topic topic, Class<M> type) {
        return partitions.entrySet().stream()
                .filter(p -> p.getKey().topic() == topic)
                .flatMap(p -> p.getValue().stream())
                .map(Entry::message)
                .filter(type::isInstance)
                .map(type::cast)
                .toList();
    }
}
