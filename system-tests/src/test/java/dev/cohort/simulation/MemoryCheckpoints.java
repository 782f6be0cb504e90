package dev.cohort.simulation;

import dev.cohort.peer.CheckpointStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Checkpoints that survive a simulated crash, and can be lost. */
final class MemoryCheckpoints implements CheckpointStore {
    private final List<Checkpoint> kept = new ArrayList<>();

    /** A store that holds one checkpoint. */
    static MemoryCheckpoints of(Checkpoint checkpoint) {
        MemoryCheckpoints store = new MemoryCheckpoints();
        store.save(checkpoint);
        return store;
    }

    @Override
    public void save(Checkpoint checkpoint) {
        kept.add(checkpoint);
    }

    @Override
    public Optional<Checkpoint> newest() {
        return kept.isEmpty() ? Optional.empty() : Optional.of(kept.get(kept.size() - 1));
    }

    List<Checkpoint> all() {
        return List.copyOf(kept);
    }

    void forget() {
        kept.clear();
    }
}
