package dev.cohort.protocol;

/** What a peer is doing, as it says itself. */
public enum PeerState {
    /** Told the others that it is there; waits for a seat or for the first batch. */
    JOINING,
    /** Trains on outcomes that were closed without it, faster than new ones come. */
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
