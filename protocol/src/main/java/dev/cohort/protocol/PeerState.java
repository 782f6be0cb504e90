package dev.cohort.protocol;

/** What a peer is doing, as reported by the peer. */
public enum PeerState {
    /** Has asked for a slot; waits for the answer or for the first batch. */
    JOINING,
    /** Trains on outcomes that were closed without it, faster than new ones arrive. */
    CATCHING_UP,
    /** Waits for a batch or computes. */
    TRAINING,
    /** Published its prediction and waits for the outcome. */
    WAITING,
    /** Computes its accuracy on the test images. */
    EVALUATING,
    /** Trained to the end of the run. */
    FINISHED
}
