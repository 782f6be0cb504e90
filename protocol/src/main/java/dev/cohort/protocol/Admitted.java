package dev.cohort.protocol;

/**
 * The coordinator gives a peer its slot; the first one per (peer, incarnation) counts.
 *
 * @param slot 0-based; observers get the slot whose view they render
 * @param step the step that is open now; a newcomer that joins at the head starts with it
 * @param refusal empty, or why there is no seat
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
