package dev.cohort.runtime.kafka;

import java.util.OptionalLong;

/** The records of one partition as bytes, from its beginning to its end. Not thread-safe. */
public interface RawReading extends AutoCloseable {
    /** Receives the records of the partition, in order. */
    interface Sink {
        /** @param appendedMs when the broker appended the record, by the broker's clock, in Unix milliseconds */
        void record(long offset, long appendedMs, byte[] value);

        /**
         * Receives a range that cannot be read.
         *
         * @param toOffset the last offset of the range; empty if unknown
         */
        void lost(long fromOffset, OptionalLong toOffset, String why);
    }

    /** The reading of a missing partition: one lost range without an end. */
    static RawReading missing(String why) {
        return MissingPartition.of(why);
    }

    /** Reads a little further and passes the records, if any, to {@code sink}; false at the end. */
    boolean advance(Sink sink);

    @Override
    void close();
}
