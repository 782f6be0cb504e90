package dev.cohort.runtime.kafka;

import java.util.OptionalLong;

/** The records of one partition as bytes, from its beginning to its end. One thread. */
public interface RawReading extends AutoCloseable {
    /** Takes what stands in the partition, in its order. */
    interface Sink {
        /** @param appendedMs the broker's clock when it took the record, in Unix milliseconds */
        void record(long offset, long appendedMs, byte[] value);

        /**
         * Takes a range that cannot be read.
         *
         * @param toOffset the last of it; empty when nobody knows where it ends
         */
        void lost(long fromOffset, OptionalLong toOffset, String why);
    }

    /** What stands in a partition that is not there: a range without an end, and why. */
    static RawReading missing(String why) {
        return MissingPartition.of(why);
    }

    /** Reads a little further, and gives {@code sink} what there was, if anything; false at the end. */
    boolean advance(Sink sink);

    @Override
    void close();
}
