package dev.cohort.protocol;

/**
 * The coordinator does not use a prediction, and the step does not wait for another one. Recorded for people and for statistics;
 * two coordinators may both publish it.
 *
 * @param detail what was found and what was expected
 */
public record Rejection(long step, int part, PeerId peer, Reason reason, String detail) implements Message {
    public Rejection {
        Sayable.atLeast(1, step, "step");
        Sayable.atLeast(0, part, "part");
        detail = Sayable.forPeople(detail);
    }

    /** What is wrong with the prediction. */
    public enum Reason {
        /** The peer rendered images with another digest than the batch's. */
        DIGEST,
        /** A tensor is missing or has another shape than the batch and the manifest require. */
        SHAPE,
        /** A tensor holds NaN or infinity. */
        NOT_FINITE,
        /** Peer and step can be read from the record, the rest cannot. */
        MALFORMED,
        /** The record is on another partition than the one for this peer's predictions. */
        PARTITION
    }
}
