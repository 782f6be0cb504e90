package dev.cohort.peer;

import dev.cohort.protocol.Message;
import dev.cohort.protocol.Positions;
import dev.cohort.protocol.Positions.Place;
import dev.cohort.protocol.StepOffsets;
import java.util.Optional;

/**
 * Adds positions in the log to checkpoints: remembers the offsets of each step's batches, outcomes and addressed parts, and
 * stores in each checkpoint where those after its step begin. A peer itself knows no offsets.
 */
public final class Bookmarks implements CheckpointStore {
    private final CheckpointStore store;
    private final StepOffsets offsets = new StepOffsets();

    /** @param store of the checkpoints */
    public Bookmarks(CheckpointStore store) {
        this.store = store;
    }

    /** Must be called before a message of the log is passed to the peer. */
    public void seen(Place place, long offset, Message message) {
        offsets.seen(place, offset, message);
    }

    @Override
    public void save(Checkpoint checkpoint) {
        store.save(marked(checkpoint));
    }

    @Override
    public void keep(Checkpoint checkpoint, double testAccuracy) {
        store.keep(marked(checkpoint), testAccuracy);
    }

    private Checkpoint marked(Checkpoint checkpoint) {
        return checkpoint.at(offsets.after(checkpoint.step()));
    }

    @Override
    public Optional<Checkpoint> newest() {
        Optional<Checkpoint> newest = store.newest();
        offsets.begin(newest.map(Checkpoint::positions).orElse(Positions.NONE));
        return newest;
    }

    /** Where reading continues after the restored checkpoint. */
    public Positions restored() {
        return offsets.began();
    }
}
