package dev.cohort.runtime.kafka;

import dev.cohort.protocol.Topic;
import dev.cohort.protocol.wire.Decoding;
import dev.cohort.protocol.wire.MessageCodec;
import dev.cohort.runtime.RecordedLog;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.OptionalLong;

/** Decodes the records of one partition. */
public final class Decoded implements RecordedLog.Reading, RawReading.Sink {
    private final Topic topic;
    private final int partition;
    private final MessageCodec codec;
    private final RawReading raw;
    private final ArrayDeque<RecordedLog.Entry> ready = new ArrayDeque<>();

    public Decoded(Topic topic, int partition, MessageCodec codec, RawReading raw) {
        this.topic = topic;
        this.partition = partition;
        this.codec = codec;
        this.raw = raw;
    }

    @Override
    public Optional<RecordedLog.Entry> next() {
        while (ready.isEmpty() && raw.advance(this)) {
            // Until there is an entry, or the end is reached.
        }
        return Optional.ofNullable(ready.poll());
    }

    @Override
    public void record(long offset, long appendedMs, byte[] value) {
        Decoding decoding = codec.decode(value);
        ready.add(
                decoding instanceof Decoding.Accepted accepted
                        ? new RecordedLog.Said(
                                topic,
                                partition,
                                offset,
                                appendedMs,
                                accepted.sender(),
                                accepted.message(),
                                value.length)
                        : new RecordedLog.Refused(topic, partition, offset, appendedMs, (Decoding.Rejected) decoding));
    }

    @Override
    public void lost(long fromOffset, OptionalLong toOffset, String why) {
        ready.add(new RecordedLog.Unreadable(topic, partition, fromOffset, toOffset, why));
    }

    @Override
    public void close() {
        raw.close();
    }
}
