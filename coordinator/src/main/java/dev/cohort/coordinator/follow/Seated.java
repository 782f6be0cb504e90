package dev.cohort.coordinator.follow;

import dev.cohort.protocol.PeerId;

/** Who publishes predictions, as far as they are checked. */
public interface Seated {
    PeerId peer();

    /** Its seat; for observers the slot whose view they render. */
    int slot();

    /** Whether it is never waited for, averaged or counted. */
    boolean observer();
}
