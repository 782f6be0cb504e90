package dev.cohort.runtime.kafka;

import java.time.Duration;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.CorruptRecordException;
import org.apache.kafka.common.errors.TimeoutException;

/** One partition as a broker serves it, up to where it ends when reading begins. */
final class ConsumedPartition implements RawReading {
    private static final Duration POLL = Duration.ofMillis(200);

    private final Consumer<byte[], byte[]> consumer;
    private final KafkaAddress address;
    private final TopicPartition from;
    private final boolean compacted;
    private final Patience patience;
    private final long endOffset;
    private Iterator<ConsumerRecord<byte[], byte[]>> polled = Collections.emptyIterator();
    private long dueOffset;

    /**
     * @param consumer of this reading alone
     * @param address for messages
     * @param compacted whether the broker may take away records of which newer ones exist
     * @param recordsMax how many of the newest records are read
     * @param patience with a broker that does not answer
     * @throws RunLogException when it does not say in time where the partition begins and ends
     */
    ConsumedPartition(
            Consumer<byte[], byte[]> consumer,
            KafkaAddress address,
            TopicPartition from,
            boolean compacted,
            long recordsMax,
            Patience patience) {
        this.consumer = consumer;
        this.address = address;
        this.from = from;
        this.compacted = compacted;
        this.patience = patience;
        List<TopicPartition> only = List.of(from);
        consumer.assign(only);
        endOffset = asked(() -> consumer.endOffsets(only).getOrDefault(from, 0L));
        long begin = asked(() -> consumer.beginningOffsets(only).getOrDefault(from, 0L));
        // What was not asked for is not missing; what retention took away is.
        dueOffset = Math.max(0, endOffset - recordsMax);
        consumer.seek(from, Math.max(begin, dueOffset));
    }

    private long asked(LongSupplier question) {
        while (true) {
            patience.tries();
            try {
                long answer = question.getAsLong();
                patience.tried(true);
                return answer;
            } catch (TimeoutException e) {
                waited(false);
            } catch (KafkaException e) {
                throw new RunLogException(
                        "broker " + address + ": cannot read " + from + " (" + e.getMessage() + ")", e);
            }
        }
    }

    @Override
    public boolean advance(Sink sink) {
        if (!polled.hasNext() && consumer.position(from) >= endOffset) {
            reach(endOffset, sink);
            return false;
        }
        if (!polled.hasNext()) {
            poll(sink);
            return true;
        }
        // One at a time: what is decoded takes more room than what was fetched.
        take(polled.next(), sink);
        return true;
    }

    private void poll(Sink sink) {
        long before = consumer.position(from);
        patience.tries();
        try {
            polled = consumer.poll(POLL).iterator();
        } catch (KafkaException e) {
            stepOver(e, sink);
        }
        waited(polled.hasNext() || consumer.position(from) != before);
    }

    private void waited(boolean progress) {
        patience.tried(progress);
        if (patience.isOver()) {
            throw new RunLogException(
                    "broker " + address + ": waited " + patience.limitSeconds() + " s for records of " + from
                            + ", and none came: check that the broker runs and can be reached",
                    null);
        }
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
        if (offset > dueOffset && !compacted) {
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
            throw new RunLogException("broker " + address + ": cannot read " + from + " (" + e.getMessage() + ")", e);
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
