package dev.cohort.protocol.wire;

/** Why a record was rejected; rejections are counted by it. */
public enum Reason {
    /** Not a Protobuf envelope: truncated, damaged, or something else altogether. */
    MALFORMED,
    /** Larger than {@link dev.cohort.protocol.Limits} allow, as a whole or in some part. */
    OVERSIZED,
    /** Of another run. */
    WRONG_RUN,
    /** Of a later protocol version than this reader speaks. */
    FUTURE_VERSION,
    /** Of an earlier protocol version than this reader speaks. */
    PAST_VERSION,
    /** A tensor whose bytes are not what its shape says, or whose shape is impossible. */
    BAD_TENSOR,
    /** NaN or infinity where only a number makes sense. */
    NOT_FINITE,
    /** Well formed, but says something impossible: an unknown enum value, no body, a negative step. */
    BAD_VALUE
}
