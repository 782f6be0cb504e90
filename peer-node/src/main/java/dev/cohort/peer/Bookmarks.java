package dev.cohort.peer;

import dev.cohort.protocol.Message;
import dev.cohort.protocol.Positions;
import dev.cohort.protocol.Positions.Place;
import dev.cohort.protocol.StepOffsets;
import java.util.Optional;

/**
 * Remembers where in the log the batches, outcomes and addressed parts of each step stand, and puts into each checkpoint where
 * those after its step begin. A peer itself knows no offsets.
 */
public final class Bookmarks implements CheckpointStore {
    private final CheckpointStore store;
    private final StepOffsets offsets = new StepOffsets();

    /** @param store that keeps the checkpoints */
    public Bookmarks(CheckpointStore store) {
        this.store = store;
    }

    /** A message of the log is about to be handed to the peer. */
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

    /** Where reading goes on after the checkpoint that was taken up. */
    public Positions restored() {
        return offsets.began();
    }
}
