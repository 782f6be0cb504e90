package dev.cohort.protocol;

/** How a coordinator counts a peer: whether steps wait for it, and whether its predictions are averaged. */
public enum Standing {
    /** Named by the experiment, not joined yet; waited for. */
    EXPECTED,
    /** New, or back with fresh weights: publishes predictions, but is neither averaged nor waited for until it is admitted. */
    CANDIDATE,
    /** Waited for. */
    LIVE,
    /** Alive but late, or back: keeps its slot, not waited for until it answers the open step. */
    LAGGING,
    /** About to leave: waited for up to the last step it has announced. */
    DRAINING,
    /** No heartbeat for too long; waited for only if {@code pace.on_loss} is {@code hold}. */
    GONE,
    /** Rejected too often; excluded until an operator readmits it. */
    SET_ASIDE,
    /** Has published {@link Left}. */
    LEFT
}
