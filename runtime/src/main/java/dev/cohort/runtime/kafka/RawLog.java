package dev.cohort.runtime.kafka;

import dev.cohort.protocol.Topic;
import dev.cohort.runtime.RecordedLog;

/** A recorded log whose records can also be read as bytes. */
public interface RawLog extends RecordedLog {
    /**
     * Reads a partition from the first record that still exists.
     *
     * @param partition a missing partition reads as one lost range
     */
    RawReading raw(Topic topic, int partition);
}
