package dev.cohort.runtime.kafka;

import java.util.OptionalLong;

/** The next offset due while a partition is read; reports the gaps between records. Not thread-safe. */
final class DueOffset {
    private final boolean compacted;
    private long offset;

    /** @param compacted whether the broker removes older records of a key, so that gaps are normal */
    DueOffset(long offset, boolean compacted) {
        this.offset = offset;
        this.compacted = compacted;
    }

    long offset() {
        return offset;
    }

    /** Continues at {@code next}; the skipped records are lost, except in a compacted topic. */
    void reach(long next, String why, RawReading.Sink sink) {
        if (next > offset && !compacted) {
            sink.lost(offset, OptionalLong.of(next - 1), offset == 0 ? "deleted; the log begins after them" : why);
        }
        skipTo(next);
    }

    /** Continues at {@code next}, if it is not passed already, without reporting a gap. */
    void skipTo(long next) {
        offset = Math.max(offset, next);
    }
}
