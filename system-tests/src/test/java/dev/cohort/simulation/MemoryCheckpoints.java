package dev.cohort.simulation;

import dev.cohort.peer.CheckpointStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A peer's disk: checkpoints that survive a simulated crash and can be lost, and how often it was started. */
final class MemoryCheckpoints implements CheckpointStore {
    private final List<Checkpoint> kept = new ArrayList<>();
    private long starts;

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

    void suffer(Fault.Damage damage) {
        switch (damage) {
            case NONE -> {}
            case NEWEST -> {
                if (!kept.isEmpty()) {
                    kept.remove(kept.size() - 1);
                }
            }
            case ALL -> kept.clear();
        }
    }

    /** Number of the next start of this peer, wherever it runs. */
    long nextIncarnation() {
        starts++;
        return starts;
    }
}
