package dev.cohort.protocol;

/** What a coordinator makes of a peer. */
public enum Standing {
    /** Named by the experiment, not heard of yet; waited for. */
    EXPECTED,
    /** New, or back with fresh weights: says what it thinks, but is neither averaged nor waited for until it is admitted. */
    CANDIDATE,
    /** Waited for. */
    LIVE,
    /** Alive but late, or back: keeps its seat, not waited for until it speaks of the open step. */
    LAGGING,
    /** About to leave: waited for up to the last step that it said it answers. */
    DRAINING,
    /** Silent for too long; waited for only when lost peers are held. */
    GONE,
    /** Rejected too often; out until an operator lets it back. */
    SET_ASIDE,
    /** Said goodbye. */
    LEFT
}
