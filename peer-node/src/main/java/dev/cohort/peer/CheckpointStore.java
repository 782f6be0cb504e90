package dev.cohort.peer;

import dev.cohort.tensor.NamedTensors;
import java.util.Optional;

/** Where a peer keeps what it can go on from. */
public interface CheckpointStore {
    /** Keeps a checkpoint; after return it survives a crash. */
    void save(Checkpoint checkpoint);

    /** The newest whole checkpoint. */
    Optional<Checkpoint> newest();

    /**
     * @param step updates the learner has seen
     * @param learner what the learner goes on from
     */
    record Checkpoint(long step, NamedTensors learner) {}
}
