package dev.cohort.protocol;

/**
 * A coordinator sees a peer in another light than before. Nobody acts on it: whom an outcome was made from stands in the
 * outcome. It is said so that people can read who is waited for, since when and why.
 *
 * @param incarnation latest start of the peer that was heard of, 0 before the first
 * @param step the step that was open when it was said
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
