package dev.cohort.runtime.kafka;

import dev.cohort.protocol.Topic;
import dev.cohort.runtime.RecordedLog;

/** A recorded log whose records can be had as bytes, too, as they were written. */
public interface RawLog extends RecordedLog {
    /**
     * Reads a partition from its first record that is still there.
     *
     * @param partition one that is not there has nothing to read but that it is missing
     */
    RawReading raw(Topic topic, int partition);
}
