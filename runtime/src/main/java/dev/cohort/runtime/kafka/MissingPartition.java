package dev.cohort.runtime.kafka;

import java.util.OptionalLong;

/** What stands in a partition that is not there. */
final class MissingPartition implements RawReading {
    private final String why;
    private boolean told;

    private MissingPartition(String why) {
        this.why = why;
    }

    static RawReading of(String why) {
        return new MissingPartition(why);
    }

    @Override
    public boolean advance(Sink sink) {
        if (!told) {
            told = true;
            sink.lost(0, OptionalLong.empty(), why);
            return true;
        }
        return false;
    }

    @Override
    public void close() {}
}
