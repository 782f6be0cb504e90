package dev.cohort.protocol;

/**
 * The coordinator's answer to {@link Joining}: a slot or a refusal. The first answer per (peer, incarnation) counts.
 *
 * @param slot 0-based; observers get the slot whose view they render; may be -1 in a refusal
 * @param step the step that is open now; a newcomer that joins at the head starts with this step
 * @param refusal empty, or why the peer gets no slot
 */
public record Admitted(PeerId peer, long incarnation, int slot, long step, String refusal) implements Message {
    public Admitted {
        refusal = Sayable.forPeople(refusal);
        Sayable.atLeast(1, incarnation, "incarnation");
        Sayable.between(refusal.isEmpty() ? 0 : -1, Limits.DEFAULT.slotsMax() - 1L, slot, "slot");
        Sayable.atLeast(0, step, "step");
    }

    public boolean refused() {
        return !refusal.isEmpty();
    }
}
