package dev.cohort.protocol;

/**
 * The coordinator gives a peer its slot; the first one per (peer, incarnation) counts.
 *
 * @param slot 0-based; observers get the slot whose view they render
 * @param refusal empty, or why there is no seat
 */
public record Admitted(PeerId peer, long incarnation, int slot, String refusal) implements Message {
    public boolean refused() {
        return !refusal.isEmpty();
    }
}
