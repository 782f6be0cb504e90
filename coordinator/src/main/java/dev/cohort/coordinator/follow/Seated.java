package dev.cohort.coordinator.follow;

import dev.cohort.protocol.PeerId;

/** A member as far as its predictions are checked. */
public interface Seated {
    PeerId peer();

    /** Slot of its seat; for an observer the slot whose view it renders. */
    int slot();

    /** Whether it is an observer: never awaited, averaged or counted. */
    boolean observer();
}
