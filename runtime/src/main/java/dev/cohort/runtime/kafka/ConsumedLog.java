package dev.cohort.runtime.kafka;

import dev.cohort.protocol.Limits;
import dev.cohort.protocol.Topic;
import dev.cohort.protocol.wire.MessageCodec;
import java.time.Duration;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.OptionalLong;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.CorruptRecordException;

/** The topics of a run as a broker serves them, up to where each partition ends when its reading begins. */
public final class ConsumedLog implements RawLog {
    private static final Duration POLL = Duration.ofMillis(200);
    private static final Duration LIMIT = Duration.ofSeconds(60);

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
     * Opens the end of the log of a run, so that what was said last is known soon.
     *
     * @param recordsMax how many records of each partition are read, at least 1
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
        return new Consumed(topic, partition);
    }

    @Override
    public void close() {
        topics.close(CloseOptions.timeout(Duration.ofSeconds(5)));
    }

    /** One partition with a consumer of its own. */
    private final class Consumed implements RawReading {
        private final Topic topic;
        private final TopicPartition from;
        private final KafkaConsumer<byte[], byte[]> consumer;
        private final long endOffset;
        private Iterator<ConsumerRecord<byte[], byte[]>> polled = Collections.emptyIterator();
        private long dueOffset;
        private long deadlineNanos = System.nanoTime() + LIMIT.toNanos();

        Consumed(Topic topic, int partition) {
            this.topic = topic;
            from = new TopicPartition(TopicPlan.topicName(runId, topic), partition);
            consumer =
                    new KafkaConsumer<>(ClientSettings.consumer(address, "replay-" + topic.suffix() + "-" + partition));
            List<TopicPartition> only = List.of(from);
            consumer.assign(only);
            endOffset = consumer.endOffsets(only).getOrDefault(from, 0L);
            long begin = consumer.beginningOffsets(only).getOrDefault(from, 0L);
            // What was not asked for is not missing; what retention took away is.
            dueOffset = Math.max(0, endOffset - recordsMax);
            consumer.seek(from, Math.max(begin, dueOffset));
        }

        @Override
        public boolean advance(Sink sink) {
            if (!polled.hasNext() && consumer.position(from) >= endOffset) {
                reach(endOffset, sink);
                return false;
            }
            if (System.nanoTime() > deadlineNanos) {
                throw new RunLogException(
                        "broker " + address + ": no record of " + from + " within " + LIMIT.toSeconds() + " s", null);
            }
            if (!polled.hasNext()) {
                try {
                    polled = consumer.poll(POLL).iterator();
                } catch (KafkaException e) {
                    stepOver(e, sink);
                }
                return true;
            }
            // One at a time: what is decoded takes more room than what was fetched.
            take(polled.next(), sink);
            deadlineNanos = System.nanoTime() + LIMIT.toNanos();
            return true;
        }

        private void take(ConsumerRecord<byte[], byte[]> record, Sink sink) {
            if (record.offset() < endOffset) {
                reach(record.offset(), sink);
                byte[] bytes = record.value() == null ? new byte[0] : record.value();
                sink.record(record.offset(), record.timestamp(), bytes);
                dueOffset = record.offset() + 1;
            }
        }

        /** Tells of what the broker does not have any more; in a compacted topic that is as it must be. */
        private void reach(long offset, Sink sink) {
            if (offset > dueOffset && !TopicPlan.compacted(topic)) {
                sink.lost(
                        dueOffset,
                        OptionalLong.of(offset - 1),
                        dueOffset == 0
                                ? "deleted, the log begins behind them"
                                : "the broker does not have them: a hole between two records");
            }
            dueOffset = Math.max(dueOffset, offset);
        }

        /** Steps over a record that the broker or the client found damaged. */
        private void stepOver(KafkaException e, Sink sink) {
            boolean corrupt = e instanceof CorruptRecordException || e.getCause() instanceof CorruptRecordException;
            if (!corrupt) {
                throw new RunLogException(
                        "broker " + address + ": cannot read " + from + " (" + e.getMessage() + ")", e);
            }
            long damaged = consumer.position(from);
            consumer.seek(from, damaged + 1);
            sink.lost(damaged, OptionalLong.of(damaged), String.valueOf(e.getMessage()));
            dueOffset = damaged + 1;
        }

        @Override
        public void close() {
            consumer.close(CloseOptions.timeout(Duration.ofSeconds(5)));
        }
    }
}
