package dev.cohort.protocol.wire;

/** Why a record was rejected; rejections are counted by reason. */
public enum Reason {
    /** Not a Protobuf envelope: truncated, damaged, or something else altogether. */
    MALFORMED,
    /** Above a limit of {@link dev.cohort.protocol.Limits}. */
    OVERSIZED,
    /** Of another run. */
    WRONG_RUN,
    /** Of a later protocol version than this reader's. */
    FUTURE_VERSION,
    /** Of an earlier protocol version than this reader's. */
    PAST_VERSION,
    /** A tensor whose bytes do not fit its shape, or whose shape is impossible. */
    BAD_TENSOR,
    /** NaN or infinity where a finite number is required. */
    NOT_FINITE,
    /** Well formed, with an impossible value: an unknown enum value, no body, a negative step. */
    BAD_VALUE
}
