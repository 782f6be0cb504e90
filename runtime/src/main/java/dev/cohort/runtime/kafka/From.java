package dev.cohort.runtime.kafka;

import dev.cohort.protocol.Positions;

/** Where following begins. */
public sealed interface From {
    /** At the oldest record that is kept. */
    From BEGINNING = new Beginning();

    /** Behind the newest record. */
    From END = new End();

    /** At the positions of a checkpoint; what they do not name from its beginning. */
    static From at(Positions positions) {
        return new At(positions);
    }

    /** See {@link #BEGINNING}. */
    record Beginning() implements From {}

    /** See {@link #END}. */
    record End() implements From {}

    /** See {@link #at}. */
    record At(Positions positions) implements From {}
}
