package dev.cohort.runtime.kafka;

import java.util.OptionalLong;

/** The next offset due while a partition is read; reports the gaps between records. Not thread-safe. */
final class DueOffset {
    private final Gaps normal;
    private long offset;

    DueOffset(long offset, Gaps normal) {
        this.offset = offset;
        this.normal = normal;
    }

    long offset() {
        return offset;
    }

    /** Continues at {@code next}; the skipped records are lost, except where a gap is normal. */
    void reach(long next, String why, RawReading.Sink sink) {
        boolean expected = normal == Gaps.ANYWHERE || (normal == Gaps.AT_THE_BEGINNING && offset == 0);
        if (next > offset && !expected) {
            sink.lost(offset, OptionalLong.of(next - 1), offset == 0 ? "deleted; the log begins after them" : why);
        }
        skipTo(next);
    }

    /** Continues at {@code next}, if it is not passed already, without reporting a gap. */
    void skipTo(long next) {
        offset = Math.max(offset, next);
    }
}
