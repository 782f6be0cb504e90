package dev.cohort.peer;

import dev.cohort.protocol.Addressed;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.Positions;
import dev.cohort.protocol.Positions.Place;
import dev.cohort.protocol.Topic;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Remembers where in the log the batches, outcomes and addressed parts of each step stand, and puts into each checkpoint where
 * those after its step begin. A peer itself knows no offsets. What is about membership is short and read whole.
 *
 * <p>The poll thread sees messages, the step thread keeps checkpoints.
 */
public final class Bookmarks implements CheckpointStore {
    private final CheckpointStore store;
    private final SortedMap<Place, SortedMap<Long, Long>> firstOffsets = new TreeMap<>();
    private final SortedMap<Place, Long> behindNewest = new TreeMap<>();
    private Positions restored = Positions.NONE;

    /** @param store that keeps the checkpoints */
    public Bookmarks(CheckpointStore store) {
        this.store = store;
    }

    /** A message of the log is about to be handed to the peer. */
    public synchronized void seen(Place place, long offset, Message message) {
        OptionalLong step = stepOf(message);
        if (step.isPresent()) {
            // The first one of a step counts, so it must not be skipped.
            firstOffsets.computeIfAbsent(place, p -> new TreeMap<>()).merge(step.getAsLong(), offset, Math::min);
            behindNewest.merge(place, offset + 1, Math::max);
        }
    }

    private static OptionalLong stepOf(Message message) {
        if (message instanceof Batch batch) {
            return OptionalLong.of(batch.step());
        } else if (message instanceof Outcome outcome) {
            return OptionalLong.of(outcome.step());
        } else if (message instanceof Addressed part) {
            return OptionalLong.of(part.step());
        }
        return OptionalLong.empty();
    }

    /** Where what is needed after {@code step} begins; of batches that of the step too, which may be the last. */
    private synchronized Positions after(long step) {
        SortedMap<Place, Long> offsets = new TreeMap<>(restored.offsets());
        behindNewest.forEach((place, behind) -> {
            long needed = place.topic() == Topic.BATCHES ? step : step + 1;
            SortedMap<Long, Long> ofSteps = firstOffsets.getOrDefault(place, new TreeMap<>());
            ofSteps.headMap(needed).clear();
            offsets.put(place, ofSteps.values().stream().min(Long::compare).orElse(behind));
        });
        return new Positions(offsets);
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
        return checkpoint.at(after(checkpoint.step()));
    }

    @Override
    public Optional<Checkpoint> newest() {
        Optional<Checkpoint> newest = store.newest();
        restored = newest.map(Checkpoint::positions).orElse(Positions.NONE);
        return newest;
    }

    /** Where reading goes on after the checkpoint that was taken up. */
    public Positions restored() {
        return restored;
    }
}
