package dev.cohort.protocol;

/**
 * A coordinator has changed the {@link Standing} of a peer. Published for people, who can read which peers are waited for, since
 * when and why. No role acts on it: outcomes name their contributors themselves.
 *
 * @param incarnation latest start of the peer known to the coordinator, 0 before the first
 * @param step the step that was open at the change
 * @param why for people
 */
public record StandingChange(PeerId peer, long incarnation, Standing standing, long step, String why)
        implements Message {
    public StandingChange {
        Sayable.atLeast(0, incarnation, "incarnation");
        Sayable.atLeast(1, step, "step");
        why = Sayable.forPeople(why);
    }
}
