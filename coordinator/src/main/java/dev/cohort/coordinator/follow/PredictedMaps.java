package dev.cohort.coordinator.follow;

import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Pieces;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.Rejection;
import dev.cohort.protocol.TensorPiece;
import dev.cohort.protocol.TensorReference;
import dev.cohort.tensor.NamedTensors;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Holds predictions until the feature maps to which they refer have arrived. A prediction has arrived when its last piece has. A
 * map that is not what its prediction refers to, or not finite, ends the wait: its prediction is rejected.
 */
final class PredictedMaps {
    private final List<String> names;
    private final SortedMap<Long, SortedMap<PeerId, Arriving>> steps = new TreeMap<>();
    /** Latest step of which a piece of each peer was read. */
    private final SortedMap<PeerId, Long> newest = new TreeMap<>();

    /** @param names of the maps that the teacher reads; others are ignored */
    PredictedMaps(List<String> names) {
        this.names = List.copyOf(names);
    }

    /** What was read of one peer for one step. */
    private static final class Arriving {
        private Optional<Prediction> prediction = Optional.empty();
        private Optional<Pieces> pieces = Optional.empty();
        private boolean arrived;

        private void release() {
            arrived = true;
            pieces = Optional.empty();
        }
    }

    /** The entry of the first prediction of a peer for a step, if no map is missing. */
    Optional<StepAssembly.Entry> prediction(Prediction prediction) {
        Arriving of = arriving(prediction.step(), prediction.peer());
        if (of.prediction.isPresent()) {
            return Optional.empty();
        }
        of.prediction = Optional.of(prediction);
        return joined(of);
    }

    /**
     * The entry of the prediction that a piece completes.
     *
     * @param bytesMax of the maps of one prediction
     */
    Optional<StepAssembly.Entry> piece(TensorPiece piece, long bytesMax) {
        newest.merge(piece.peer(), piece.step(), Math::max);
        Arriving of = arriving(piece.step(), piece.peer());
        if (names.isEmpty() || of.arrived) {
            return Optional.empty();
        }
        if (of.pieces.isEmpty()) {
            of.pieces = Optional.of(new Pieces(bytesMax));
        }
        return of.pieces.get().add(piece) ? joined(of) : Optional.empty();
    }

    private Arriving arriving(long step, PeerId peer) {
        return steps.computeIfAbsent(step, s -> new TreeMap<>()).computeIfAbsent(peer, p -> new Arriving());
    }

    private Optional<StepAssembly.Entry> joined(Arriving of) {
        if (of.prediction.isEmpty()) {
            return Optional.empty();
        }
        Prediction prediction = of.prediction.get();
        NamedTensors tensors = prediction.tensors();
        for (String name : names) {
            TensorReference reference = prediction.maps().get(name);
            if (reference == null) {
                continue;
            }
            Optional<Pieces.Joined> joined = of.pieces.flatMap(pieces -> pieces.join(reference));
            if (joined.isEmpty()) {
                return Optional.empty();
            }
            Optional<StepAssembly.Entry> flawed = flawed(prediction, name, joined.get());
            if (flawed.isPresent()) {
                of.release();
                return flawed;
            }
            if (joined.get() instanceof Pieces.Whole whole) {
                tensors = tensors.with(name, whole.tensor());
            }
        }
        of.release();
        return Optional.of(new StepAssembly.Entry(prediction, tensors, prediction.digest(), Optional.empty()));
    }

    private static Optional<StepAssembly.Entry> flawed(Prediction prediction, String name, Pieces.Joined joined) {
        if (joined instanceof Pieces.Broken broken) {
            return Optional.of(
                    StepAssembly.rejected(without(prediction), Rejection.Reason.MALFORMED, name + ": " + broken.why()));
        }
        return joined instanceof Pieces.Whole whole && !whole.tensor().isFinite()
                ? Optional.of(StepAssembly.rejected(
                        without(prediction),
                        Rejection.Reason.NOT_FINITE,
                        "tensor " + name + ": must hold neither NaN nor infinity"))
                : Optional.empty();
    }

    /** The entry of a prediction without its maps. */
    static StepAssembly.Entry without(Prediction prediction) {
        return new StepAssembly.Entry(prediction, prediction.tensors(), prediction.digest(), Optional.empty());
    }

    /**
     * Whether a map of a prediction that was read can no longer come: a peer writes pieces in the order of steps, and one of a later
     * step was read.
     */
    boolean gone(long step, PeerId peer) {
        Arriving of = steps.getOrDefault(step, new TreeMap<>()).get(peer);
        return of != null && of.prediction.isPresent() && !of.arrived && newest.getOrDefault(peer, 0L) > step;
    }

    /** Forgets all steps up to {@code step}. */
    void closed(long step) {
        steps.headMap(step + 1).clear();
    }

    /** Steps held. */
    int held() {
        return steps.size();
    }
}
