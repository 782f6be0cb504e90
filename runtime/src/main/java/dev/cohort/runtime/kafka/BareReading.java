package dev.cohort.runtime.kafka;

import dev.cohort.protocol.Topic;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;

/** Reads a topic with Kafka's consumer alone: a lower bound for the cost of reading. */
public final class BareReading {
    private static final Duration POLL = Duration.ofMillis(200);

    private BareReading() {}

    /** Amount of data read. */
    public record Amount(long records, long bytes) {}

    /** Reads every record of a topic, one partition after another, without decoding any. */
    public static Amount of(KafkaAddress address, String runId, Topic topic, int partitions) {
        long records = 0;
        long bytes = 0;
        for (int partition = 0; partition < partitions; partition++) {
            TopicPartition from = new TopicPartition(TopicPlan.topicName(runId, topic), partition);
            try (Closing closing =
                    new Closing(new KafkaConsumer<>(ClientSettings.consumer(address, "bare-" + from.partition())))) {
                KafkaConsumer<byte[], byte[]> consumer = closing.consumer();
                List<TopicPartition> only = List.of(from);
                consumer.assign(only);
                consumer.seekToBeginning(only);
                Map<TopicPartition, Long> ends = consumer.endOffsets(only);
                while (consumer.position(from) < ends.getOrDefault(from, 0L)) {
                    for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                        records++;
                        bytes += record.value() == null ? 0 : record.value().length;
                    }
                }
            }
        }
        return new Amount(records, bytes);
    }

    private record Closing(KafkaConsumer<byte[], byte[]> consumer) implements AutoCloseable {
        @Override
        public void close() {
            consumer.close(CloseOptions.timeout(Duration.ofSeconds(1)));
        }
    }
}
