package dev.cohort.runtime.kafka;

import java.util.OptionalLong;

/** Reads a missing partition: one lost range without an end. */
final class MissingPartition implements RawReading {
    private final String why;
    private boolean reported;

    private MissingPartition(String why) {
        this.why = why;
    }

    static RawReading of(String why) {
        return new MissingPartition(why);
    }

    @Override
    public boolean advance(Sink sink) {
        if (!reported) {
            reported = true;
            sink.lost(0, OptionalLong.empty(), why);
            return true;
        }
        return false;
    }

    @Override
    public void close() {}
}
