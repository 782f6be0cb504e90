package dev.cohort.peer;

import dev.cohort.protocol.Positions;
import dev.cohort.tensor.NamedTensors;
import java.util.Optional;

/** Stores the checkpoints of a peer. */
public interface CheckpointStore {
    /** Stores a checkpoint, at least until newer ones are stored; after return it survives a crash. */
    void save(Checkpoint checkpoint);

    /**
     * Stores the checkpoint of an evaluated network permanently; after return it survives a crash.
     *
     * @param testAccuracy of this peer alone, 0..1: a store may mark the best checkpoint
     */
    default void keep(Checkpoint checkpoint, double testAccuracy) {
        save(checkpoint);
    }

    /** The newest intact checkpoint. */
    Optional<Checkpoint> newest();

    /**
     * @param firstStep first step that was trained: 1, or later for a newcomer that joined at the head
     * @param step last step whose update the weights contain
     * @param learner snapshot of the learner
     * @param positions where the messages after the step begin in the log; {@link Positions#NONE} if unknown
     */
    record Checkpoint(long firstStep, long step, NamedTensors learner, Positions positions) {
        /** A checkpoint of training from step 1, with unknown positions. */
        public Checkpoint(long step, NamedTensors learner) {
            this(1, step, learner, Positions.NONE);
        }

        /** This checkpoint with the positions of the messages after its step. */
        Checkpoint at(Positions after) {
            return new Checkpoint(firstStep, step, learner, after);
        }
    }
}
