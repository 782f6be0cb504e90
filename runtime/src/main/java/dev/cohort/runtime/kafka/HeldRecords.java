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
 * Records that were polled and not delivered yet, handed out in the order in which the broker appended them.
 *
 * <p>A consumer polls one partition after the other, so a reader of a long log would have to keep whole partitions until it reaches
 * the one that says what to do with them. Merged by time of append, a reader keeps no more than the processes kept that wrote the
 * log.
 */
final class HeldRecords {
    static final Comparator<TopicPartition> ORDER =
            Comparator.comparing(TopicPartition::topic).thenComparing(TopicPartition::partition);

    /** What is held of a partition before it is paused. */
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
     * @param expected partitions of which earlier records may still come: empty until each of them has one here
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

    /** Takes away what {@link #first} returned. */
    void remove(ConsumerRecord<byte[], byte[]> first) {
        Held held = partitions.get(partition(first));
        if (held == null || held.records.peek() != first) {
            throw new IllegalArgumentException(
                    "record " + first.offset() + " of " + partition(first) + " is not first");
        }
        held.records.remove();
        held.bytes -= bytes(first);
        count--;
    }

    /** Partitions of which enough is here. */
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
        // Kafka's own objects for a record take about that much, however small the record is.
        return 256L + (record.value() == null ? 0 : record.value().length);
    }
}
