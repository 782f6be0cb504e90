package dev.cohort.runtime.kafka;

import dev.cohort.protocol.Command;
import dev.cohort.protocol.Limits;
import dev.cohort.protocol.Topic;
import dev.cohort.protocol.wire.Decoding;
import dev.cohort.protocol.wire.MessageCodec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes invalid records to the topics of a run: bytes that are no messages, messages of another run, and duplicates. Tests that
 * a run ignores them. Not thread-safe.
 */
public final class HostileSender implements AutoCloseable {
    private static final List<Topic> TOPICS =
            List.of(Topic.BATCHES, Topic.PREDICTIONS, Topic.OUTCOMES, Topic.MEMBERS, Topic.CONTROL, Topic.EVALUATIONS);
    private static final Duration POLL = Duration.ofMillis(500);
    private static final int GARBAGE_BYTES_MAX = 4_000;
    private static final Logger LOG = LoggerFactory.getLogger(HostileSender.class);

    private final String runId;
    private final SplittableRandom random;
    private final MessageCodec codec;
    private final KafkaProducer<byte[], byte[]> producer;
    private final KafkaConsumer<byte[], byte[]> consumer;

    private HostileSender(
            String runId, long seed, KafkaProducer<byte[], byte[]> producer, KafkaConsumer<byte[], byte[]> consumer) {
        this.runId = runId;
        this.producer = producer;
        this.consumer = consumer;
        random = new SplittableRandom(seed);
        codec = new MessageCodec(runId, Limits.DEFAULT);
    }

    /** @param seed seed of the random bytes */
    public static HostileSender connect(KafkaAddress address, String runId, long seed) {
        Properties properties = ClientSettings.producer(address, "hostile");
        // Unlike those of a run, these records may be lost, and waiting for a broker that is gone for good must end.
        properties.put("delivery.timeout.ms", "12000");
        return new HostileSender(
                runId,
                seed,
                new KafkaProducer<>(properties),
                new KafkaConsumer<>(ClientSettings.consumer(address, "hostile")));
    }

    /**
     * The fate of sent records.
     *
     * @param written number of records in the log
     * @param uncertain number of records whose fate is unknown, since the broker went away meanwhile
     */
    public record Sent(long written, long uncertain) {}

    /** Writes a record of random bytes, a truncated one and one of another run to each topic that roles read. */
    public Sent corrupt() {
        MessageCodec another = new MessageCodec(runId + "-of-somebody-else", Limits.DEFAULT);
        byte[] foreign =
                another.encode(new Command(Command.Kind.STOP, Optional.empty(), "nobody asked for this"), "stranger");
        byte[] own =
                codec.encode(new Command(Command.Kind.STOP, Optional.empty(), "cut off before its end"), "stranger");
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        for (Topic topic : TOPICS) {
            byte[] garbage = new byte[1 + random.nextInt(GARBAGE_BYTES_MAX)];
            random.nextBytes(garbage);
            for (byte[] bytes : List.of(garbage, Arrays.copyOf(own, own.length - 3), foreign)) {
                sent.add(send(topic, 0, bytes));
            }
        }
        return await(sent);
    }

    /** Writes the newest batch, predictions and outcomes again; nothing while the broker is away. */
    public Sent duplicate() {
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        try {
            for (Topic topic : List.of(Topic.BATCHES, Topic.PREDICTIONS, Topic.OUTCOMES)) {
                for (ConsumerRecord<byte[], byte[]> record : newest(topic)) {
                    sent.add(send(topic, record.partition(), record.value()));
                }
            }
        } catch (TimeoutException e) {
            LOG.info("broker away, fewer duplicates written cause={}", e.toString());
        }
        return await(sent);
    }

    private static Sent await(List<Future<RecordMetadata>> sent) {
        long written = 0;
        for (Future<RecordMetadata> one : sent) {
            try {
                one.get();
                written++;
            } catch (ExecutionException e) {
                LOG.info("a record may not have been written cause={}", String.valueOf(e.getCause()));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                break;
            }
        }
        return new Sent(written, sent.size() - written);
    }

    private List<ConsumerRecord<byte[], byte[]>> newest(Topic topic) {
        String name = TopicPlan.topicName(runId, topic);
        List<TopicPartition> partitions = consumer.partitionsFor(name).stream()
                .map(p -> new TopicPartition(name, p.partition()))
                .toList();
        consumer.assign(partitions);
        Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
        ends.forEach((partition, end) -> consumer.seek(partition, Math.max(0, end - 1)));
        List<ConsumerRecord<byte[], byte[]>> found = new ArrayList<>();
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
            // Invalid records written by this class are not worth repeating.
            if (record.value() != null && codec.decode(record.value()) instanceof Decoding.Accepted) {
                found.add(record);
            }
        }
        return found;
    }

    private Future<RecordMetadata> send(Topic topic, int partition, byte[] bytes) {
        return producer.send(new ProducerRecord<>(TopicPlan.topicName(runId, topic), partition, null, bytes));
    }

    @Override
    public void close() {
        producer.close(Duration.ofSeconds(2));
        consumer.close(CloseOptions.timeout(Duration.ofSeconds(2)));
    }
}
