package dev.cohort.study;

import dev.cohort.protocol.Addressed;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.Topic;
import dev.cohort.runtime.RecordedLog;
import dev.cohort.runtime.kafka.TopicPlan;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/** A log in memory, with two partitions for predictions and one for the parts of each slot. */
final class ListedLog implements RecordedLog {
    private static final int PREDICTION_PARTITIONS = 2;

    private final int slots;
    private final SortedMap<String, List<Entry>> partitions = new TreeMap<>();
    /** Number of entries that were read, to check that readers do not read ahead. */
    private long read;

    ListedLog(int slots) {
        this.slots = slots;
    }

    @Override
    public String runId() {
        return "listed";
    }

    @Override
    public int partitions(Topic topic) {
        return switch (topic) {
            case PREDICTIONS -> PREDICTION_PARTITIONS;
            case ADDRESSED -> slots;
            default -> 1;
        };
    }

    private List<Entry> entries(Topic topic, int partition) {
        return partitions.computeIfAbsent(topic + "-" + partition, p -> new ArrayList<>());
    }

    /** Appends a message to its partition; its time is the number of records there. */
    void append(Message message) {
        append(Optional.empty(), message);
    }

    /** Appends a message to its partition at a given time. */
    void appendAt(long nowMs, Message message) {
        append(Optional.of(nowMs), message);
    }

    private void append(Optional<Long> nowMs, Message message) {
        Topic topic = Topic.of(message);
        int partition = 0;
        if (message instanceof Prediction prediction) {
            partition = partitionOf(prediction.peer());
        } else if (message instanceof Addressed part) {
            partition = part.slot();
        }
        List<Entry> entries = entries(topic, partition);
        long atMs = nowMs.orElse((long) entries.size());
        entries.add(new Said(topic, partition, entries.size(), atMs, "test", message, 1));
    }

    static int partitionOf(PeerId peer) {
        return TopicPlan.predictionPartition(peer, PREDICTION_PARTITIONS);
    }

    /** Changes messages of one kind; removes those that become empty. */
    <M extends Message> void change(Class<M> type, UnaryOperator<Optional<M>> change) {
        partitions.values().forEach(entries -> {
            List<Entry> changed = new ArrayList<>();
            for (Entry entry : entries) {
                if (entry instanceof Said record && type.isInstance(record.message())) {
                    change.apply(Optional.of(type.cast(record.message())))
                            .ifPresent(message -> changed.add(new Said(
                                    record.topic(),
                                    record.partition(),
                                    record.offset(),
                                    record.appendedMs(),
                                    record.sender(),
                                    message,
                                    1)));
                } else {
                    changed.add(entry);
                }
            }
            entries.clear();
            entries.addAll(changed);
        });
    }

    /** Inserts an entry before all others of its partition. */
    void putFirst(Entry entry) {
        entries(entry.topic(), entry.partition()).add(0, entry);
    }

    long read() {
        return read;
    }

    @Override
    public Reading read(Topic topic, int partition) {
        Iterator<Entry> entries =
                Collections.unmodifiableList(entries(topic, partition)).iterator();
        return new Reading() {
            @Override
            public Optional<Entry> next() {
                if (!entries.hasNext()) {
                    return Optional.empty();
                }
                read++;
                return Optional.of(entries.next());
            }

            @Override
            public void close() {}
        };
    }

    @Override
    public void close() {}
}
