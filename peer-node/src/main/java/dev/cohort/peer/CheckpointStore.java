package dev.cohort.peer;

import dev.cohort.protocol.Positions;
import dev.cohort.tensor.NamedTensors;
import java.util.Optional;

/** Where a peer keeps what it can go on from. */
public interface CheckpointStore {
    /** Keeps a checkpoint, at least until newer ones have come; after return it survives a crash. */
    void save(Checkpoint checkpoint);

    /**
     * Keeps a checkpoint of a network that was evaluated, for good; after return it survives a crash.
     *
     * @param testAccuracy of this peer alone, 0..1: a store may single out the best one
     */
    default void keep(Checkpoint checkpoint, double testAccuracy) {
        save(checkpoint);
    }

    /** The newest whole checkpoint. */
    Optional<Checkpoint> newest();

    /**
     * @param firstStep at which its training began: 1, or later for a newcomer that joined at the head
     * @param step the last one the learner has seen
     * @param learner what the learner goes on from
     * @param positions where in the log what comes after the step begins, if whoever keeps it knows
     */
    record Checkpoint(long firstStep, long step, NamedTensors learner, Positions positions) {
        /** One that began with the run and is followed by the log from its beginning. */
        public Checkpoint(long step, NamedTensors learner) {
            this(1, step, learner, Positions.NONE);
        }

        /** The same one, by whoever knows where what comes after it begins. */
        Checkpoint at(Positions after) {
            return new Checkpoint(firstStep, step, learner, after);
        }
    }
}
