package dev.cohort.protocol;

/**
 * A peer is about to leave.
 *
 * @param lastStep the last step for which it publishes a prediction; later steps do not wait for it
 * @param reason for people
 */
public record Draining(PeerId peer, long incarnation, long lastStep, String reason) implements Message {
    public Draining {
        Sayable.atLeast(1, incarnation, "incarnation");
        Sayable.atLeast(0, lastStep, "last step");
        reason = Sayable.forPeople(reason);
    }
}
