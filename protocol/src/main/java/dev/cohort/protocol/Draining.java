package dev.cohort.protocol;

/**
 * A peer is about to leave, and for which steps it is still worth waiting for it.
 *
 * @param lastStep the last step that it publishes a prediction for; nobody waits for it at a later one
 * @param reason for people
 */
public record Draining(PeerId peer, long incarnation, long lastStep, String reason) implements Message {
    public Draining {
        Sayable.atLeast(1, incarnation, "incarnation");
        Sayable.atLeast(0, lastStep, "last step");
        reason = Sayable.forPeople(reason);
    }
}
