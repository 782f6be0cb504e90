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

/** Reads one partition from a broker, up to its end when reading begins. */
final class ConsumedPartition implements RawReading {
    private static final Duration POLL = Duration.ofMillis(200);

    private final Consumer<byte[], byte[]> consumer;
    private final KafkaAddress address;
    private final TopicPartition from;
    private final Patience patience;
    private final long endOffset;
    private Iterator<ConsumerRecord<byte[], byte[]>> polled = Collections.emptyIterator();
    private final DueOffset due;

    /**
     * @param consumer used by this reading alone
     * @param address for messages
     * @param normal where gaps are no loss
     * @param recordsMax number of records read, the newest ones
     * @param patience limit for a broker that does not answer
     * @throws RunLogException when the broker does not return the beginning and end of the partition in time
     */
    ConsumedPartition(
            Consumer<byte[], byte[]> consumer,
            KafkaAddress address,
            TopicPartition from,
            Gaps normal,
            long recordsMax,
            Patience patience) {
        this.consumer = consumer;
        this.address = address;
        this.from = from;
        this.patience = patience;
        List<TopicPartition> only = List.of(from);
        consumer.assign(only);
        endOffset = asked(() -> consumer.endOffsets(only).getOrDefault(from, 0L));
        long begin = asked(() -> consumer.beginningOffsets(only).getOrDefault(from, 0L));
        // Records before the requested ones are not missing; records deleted by retention are.
        due = new DueOffset(Math.max(0, endOffset - recordsMax), normal);
        consumer.seek(from, Math.max(begin, due.offset()));
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
        // One at a time, since a decoded record takes more memory than a fetched one.
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
                    "broker " + address + ": no records of " + from + " within " + patience.limitSeconds()
                            + " s: check that the broker runs and can be reached",
                    null);
        }
    }

    private void take(ConsumerRecord<byte[], byte[]> record, Sink sink) {
        if (record.offset() < endOffset) {
            reach(record.offset(), sink);
            byte[] bytes = record.value() == null ? new byte[0] : record.value();
            sink.record(record.offset(), record.timestamp(), bytes);
            due.skipTo(record.offset() + 1);
        }
    }

    private void reach(long offset, Sink sink) {
        due.reach(offset, "the broker does not have them: a gap between two records", sink);
    }

    /** Skips a record that the broker or the client found damaged. */
    private void stepOver(KafkaException e, Sink sink) {
        boolean corrupt = e instanceof CorruptRecordException || e.getCause() instanceof CorruptRecordException;
        if (!corrupt) {
            throw new RunLogException("broker " + address + ": cannot read " + from + " (" + e.getMessage() + ")", e);
        }
        long damaged = consumer.position(from);
        consumer.seek(from, damaged + 1);
        sink.lost(damaged, OptionalLong.of(damaged), String.valueOf(e.getMessage()));
        due.skipTo(damaged + 1);
    }

    @Override
    public void close() {
        consumer.close(CloseOptions.timeout(Duration.ofSeconds(5)));
    }
}
