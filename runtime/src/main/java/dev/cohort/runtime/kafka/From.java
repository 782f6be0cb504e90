package dev.cohort.runtime.kafka;

import dev.cohort.protocol.Positions;
import dev.cohort.protocol.Topic;
import java.util.Set;

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

    /**
     * So near the end that what was said last is known soon.
     *
     * @param recordsMax how many records of each partition are read, at least 1
     * @param whole topics that are read from their beginning all the same
     */
    static From nearEnd(long recordsMax, Set<Topic> whole) {
        return new NearEnd(recordsMax, whole);
    }

    /** See {@link #nearEnd}. */
    record NearEnd(long recordsMax, Set<Topic> whole) implements From {
        public NearEnd {
            whole = Set.copyOf(whole);
        }
    }

    /** See {@link #BEGINNING}. */
    record Beginning() implements From {}

    /** See {@link #END}. */
    record End() implements From {}

    /** See {@link #at}. */
    record At(Positions positions) implements From {}
}
