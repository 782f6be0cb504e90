package dev.cohort.runtime.kafka;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * Records that have been polled and not delivered yet, in the order in which the broker appended them.
 *
 * <p>A consumer polls one partition after another, so a reader of a long log would have to keep whole partitions until it reaches
 * the messages that make them obsolete. With partitions merged by time of append, a reader keeps no more than the processes that
 * wrote the log did.
 */
final class HeldRecords {
    static final Comparator<TopicPartition> ORDER =
            Comparator.comparing(TopicPartition::topic).thenComparing(TopicPartition::partition);

    /** Held bytes of a partition at which it is paused. */
    private static final long PARTITION_BYTES_MAX = 4L << 20;

    private final SortedMap<TopicPartition, Held> partitions = new TreeMap<>(ORDER);
    private int count;

    private static final class Held {
        private final ArrayDeque<ConsumerRecord<byte[], byte[]>> records = new ArrayDeque<>();
        private long bytes;
    }

    void add(ConsumerRecord<byte[], byte[]> record) {
        Held held = partitions.computeIfAbsent(partition(record), p -> new Held());
        held.records.add(record);
        held.bytes += bytes(record);
        count++;
    }

    /**
     * The record that the broker appended first.
     *
     * @param expected partitions from which earlier records may still arrive: the result is empty until each has a held record
     */
    Optional<ConsumerRecord<byte[], byte[]>> first(Collection<TopicPartition> expected) {
        if (expected.stream().anyMatch(this::isEmpty)) {
            return Optional.empty();
        }
        ConsumerRecord<byte[], byte[]> first = null;
        for (Held held : partitions.values()) {
            ConsumerRecord<byte[], byte[]> head = held.records.peek();
            if (head != null && (first == null || head.timestamp() < first.timestamp())) {
                first = head;
            }
        }
        return Optional.ofNullable(first);
    }

    /** Removes the record returned by {@link #first}. */
    void remove(ConsumerRecord<byte[], byte[]> first) {
        Held held = partitions.get(partition(first));
        if (held == null || held.records.peek() != first) {
            throw new IllegalArgumentException(
                    "record " + first.offset() + " of " + partition(first) + " is not the first one");
        }
        held.records.remove();
        held.bytes -= bytes(first);
        count--;
    }

    /** Partitions to pause. */
    Set<TopicPartition> full() {
        Set<TopicPartition> full = new TreeSet<>(ORDER);
        partitions.forEach((partition, held) -> {
            if (held.bytes >= PARTITION_BYTES_MAX) {
                full.add(partition);
            }
        });
        return full;
    }

    boolean isEmpty(TopicPartition partition) {
        Held held = partitions.get(partition);
        return held == null || held.records.isEmpty();
    }

    boolean isEmpty() {
        return count == 0;
    }

    int count() {
        return count;
    }

    private static TopicPartition partition(ConsumerRecord<?, ?> record) {
        return new TopicPartition(record.topic(), record.partition());
    }

    private static long bytes(ConsumerRecord<byte[], byte[]> record) {
        // Kafka's objects for a record take about 256 bytes, however small the record is.
        return 256L + (record.value() == null ? 0 : record.value().length);
    }
}
