package dev.cohort.protocol;

import dev.cohort.protocol.Positions.Place;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The offsets of the messages of each step, so that a role that restores its state after a step knows where to continue reading.
 * Membership messages have no step and are read whole. Thread-safe: the poll thread records messages, the step thread asks.
 */
public final class StepOffsets {
    private final SortedMap<Place, SortedMap<Long, Long>> firstOffsets = new TreeMap<>();
    private final SortedMap<Place, Long> behindNewest = new TreeMap<>();
    private Positions began = Positions.NONE;

    /** Sets where reading begins. */
    public synchronized void begin(Positions positions) {
        began = positions;
    }

    public synchronized Positions began() {
        return began;
    }

    /** Records the offset of a message, before the message is delivered. */
    public synchronized void seen(Place place, long offset, Message message) {
        OptionalLong step = stepOf(message);
        if (step.isPresent()) {
            // The first message of a step counts, so it must not be skipped.
            firstOffsets.computeIfAbsent(place, p -> new TreeMap<>()).merge(step.getAsLong(), offset, Math::min);
            behindNewest.merge(place, offset + 1, Math::max);
        }
    }

    private static OptionalLong stepOf(Message message) {
        if (message instanceof Batch batch) {
            return OptionalLong.of(batch.step());
        } else if (message instanceof Prediction prediction) {
            return OptionalLong.of(prediction.step());
        } else if (message instanceof Outcome outcome) {
            return OptionalLong.of(outcome.step());
        } else if (message instanceof Addressed part) {
            return OptionalLong.of(part.step());
        } else if (message instanceof TensorPiece piece) {
            return OptionalLong.of(piece.step());
        } else if (message instanceof Evaluation evaluation) {
            return OptionalLong.of(evaluation.step());
        }
        return OptionalLong.empty();
    }

    /** Where to read on after {@code step}. Batches begin with the batch of {@code step} itself, which may be the last one. */
    public synchronized Positions after(long step) {
        forget(step);
        SortedMap<Place, Long> offsets = new TreeMap<>(began.offsets());
        behindNewest.forEach((place, behind) -> offsets.put(
                place,
                firstOffsets.getOrDefault(place, new TreeMap<>()).values().stream()
                        .min(Long::compare)
                        .orElse(behind)));
        return new Positions(offsets);
    }

    /** Forgets the steps before {@code step}; later calls of {@link #after} must not name them. */
    public synchronized void forget(long step) {
        firstOffsets.forEach((place, ofSteps) -> ofSteps.headMap(place.topic() == Topic.BATCHES ? step : step + 1)
                .clear());
    }
}
