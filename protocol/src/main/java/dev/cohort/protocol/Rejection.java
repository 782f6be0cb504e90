package dev.cohort.protocol;

/**
 * The coordinator does not use a prediction; it answers the wait all the same. For the record, for people and for figures; two
 * coordinators may both say it.
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
        /** The peer rendered other images than the batch says. */
        DIGEST,
        /** A tensor is missing or has another shape than the batch and the manifest ask for. */
        SHAPE,
        /** A tensor holds NaN or infinity. */
        NOT_FINITE,
        /** The record says whose prediction it is and of which step, and otherwise nothing that can be read. */
        MALFORMED,
        /** It is on another partition than the one where this peer's predictions are looked for. */
        PARTITION
    }
}
