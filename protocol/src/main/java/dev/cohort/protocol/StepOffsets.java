package dev.cohort.protocol;

import dev.cohort.protocol.Positions.Place;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Where in the log what is said of each step stands, so that whoever keeps its state of a step can read on behind it. What is about
 * membership has no step and is read whole. The poll thread sees messages, the step thread asks.
 */
public final class StepOffsets {
    private final SortedMap<Place, SortedMap<Long, Long>> firstOffsets = new TreeMap<>();
    private final SortedMap<Place, Long> behindNewest = new TreeMap<>();
    private Positions began = Positions.NONE;

    /** Reading begins at these positions. */
    public synchronized void begin(Positions positions) {
        began = positions;
    }

    /** Where reading began. */
    public synchronized Positions began() {
        return began;
    }

    /** A message of the log is about to be handed on. */
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
        } else if (message instanceof Prediction prediction) {
            return OptionalLong.of(prediction.step());
        } else if (message instanceof Outcome outcome) {
            return OptionalLong.of(outcome.step());
        } else if (message instanceof Addressed part) {
            return OptionalLong.of(part.step());
        } else if (message instanceof Evaluation evaluation) {
            return OptionalLong.of(evaluation.step());
        }
        return OptionalLong.empty();
    }

    /** Where what is needed after {@code step} begins; of batches that of the step too, which may be the last. */
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

    /** Nobody will ask for an earlier step than {@code step}. */
    public synchronized void forget(long step) {
        firstOffsets.forEach((place, ofSteps) -> ofSteps.headMap(place.topic() == Topic.BATCHES ? step : step + 1)
                .clear());
    }
}
