package dev.cohort.study.conform;

import dev.cohort.protocol.Limits;
import dev.cohort.protocol.Topic;
import dev.cohort.protocol.wire.MessageCodec;
import dev.cohort.runtime.RecordedLog;
import dev.cohort.runtime.kafka.Decoded;
import dev.cohort.runtime.kafka.RawLog;

/** The log as it was written: a message on the wrong partition is judged, which other readers refuse. */
record AsWritten(RawLog log) implements RecordedLog {
    @Override
    public String runId() {
        return log.runId();
    }

    @Override
    public int partitions(Topic topic) {
        return log.partitions(topic);
    }

    @Override
    public Reading read(Topic topic, int partition) {
        return new Decoded(topic, partition, new MessageCodec(runId(), Limits.DEFAULT), log.raw(topic, partition));
    }

    @Override
    public void close() {
        log.close();
    }
}
