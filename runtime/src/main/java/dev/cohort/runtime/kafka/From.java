package dev.cohort.runtime.kafka;

import dev.cohort.protocol.Positions;
import dev.cohort.protocol.Topic;
import java.util.Set;

/** Where following begins. */
public sealed interface From {
    /** At the oldest record that still exists. */
    From BEGINNING = new Beginning();

    /** After the newest record. */
    From END = new End();

    /** At the positions of a checkpoint; other partitions at their beginning. */
    static From at(Positions positions) {
        return new At(positions);
    }

    /**
     * Near the end, to find the newest messages quickly.
     *
     * @param recordsMax number of records read from each partition, at least 1
     * @param whole topics that are read from their beginning nevertheless
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
