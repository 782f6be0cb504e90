package dev.cohort.simulation;

import dev.cohort.protocol.Addressed;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.End;
import dev.cohort.protocol.EndOfRun;
import dev.cohort.protocol.MapGradients;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Pieces;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.TensorPiece;
import dev.cohort.protocol.TensorReference;
import dev.cohort.protocol.Term;
import dev.cohort.simulation.SimulatedLog.Entry;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;

/** The log by its own rules: the first batch of a step, the first prediction of a peer, the first outcome. */
final class LogView implements Invariant {
    private final SortedMap<Long, Batch> batches = new TreeMap<>();
    private final SortedMap<Long, SortedMap<PeerId, Prediction>> predictions = new TreeMap<>();
    private final SortedMap<Long, List<Outcome>> outcomes = new TreeMap<>();
    private final SortedMap<String, Addressed> addressed = new TreeMap<>();

    private final SortedMap<String, Pieces> pieces = new TreeMap<>();
    private final EndOfRun endOfRun = new EndOfRun();

    @Override
    public void appended(Entry entry) {
        if (entry.message() instanceof Batch batch) {
            if (!endOfRun.batch(batch)) {
                return;
            }
            Batch first = batches.computeIfAbsent(batch.step(), s -> batch);
            require(first.equals(batch), "batch {} is in the log with two contents", batch.step());
        } else if (entry.message() instanceof Prediction prediction) {
            predictions
                    .computeIfAbsent(prediction.step(), s -> new TreeMap<>())
                    .putIfAbsent(prediction.peer(), prediction);
        } else if (entry.message() instanceof Outcome outcome) {
            outcomes.computeIfAbsent(outcome.step(), s -> new ArrayList<>()).add(outcome);
        } else if (entry.message() instanceof End last) {
            endOfRun.end(last);
        } else if (entry.message() instanceof Addressed part) {
            addressed.putIfAbsent(part.digest().hex(), part);
        } else if (entry.message() instanceof TensorPiece piece) {
            pieces(piece.step(), piece.peer(), piece.use()).add(piece);
        }
    }

    private Pieces pieces(long step, PeerId peer, TensorPiece.Use use) {
        return pieces.computeIfAbsent(step + " " + peer + " " + use, k -> new Pieces(Long.MAX_VALUE));
    }

    /** All tensors of a prediction, its feature maps included; empty while one is missing. */
    Optional<NamedTensors> tensors(Prediction prediction) {
        NamedTensors tensors = prediction.tensors();
        Pieces read = pieces(prediction.step(), prediction.peer(), TensorPiece.Use.MAP);
        for (Map.Entry<String, TensorReference> map : prediction.maps().entrySet()) {
            Optional<Tensor> whole = read.whole(map.getValue());
            if (whole.isEmpty()) {
                return Optional.empty();
            }
            tensors = tensors.with(map.getKey(), whole.get());
        }
        return Optional.of(tensors);
    }

    /** The terms of a part with the gradients to which they refer; empty while one is missing. */
    Optional<List<Term>> terms(Addressed part) {
        return MapGradients.joined(part.terms(), pieces(part.step(), part.peer(), TensorPiece.Use.GRADIENT));
    }

    /** The last step of the run, once it is published. */
    OptionalLong lastStep() {
        return endOfRun.lastStep();
    }

    Optional<Batch> batch(long step) {
        return Optional.ofNullable(batches.get(step));
    }

    SortedMap<Long, Batch> batches() {
        return batches;
    }

    Optional<Prediction> prediction(long step, PeerId peer) {
        return Optional.ofNullable(
                predictions.getOrDefault(step, new TreeMap<>()).get(peer));
    }

    /** All outcomes of a step, the winning one first. */
    List<Outcome> outcomes(long step) {
        return outcomes.getOrDefault(step, List.of());
    }

    /** The last step up to which every step has an outcome. */
    long closed() {
        long closed = 0;
        while (outcomes.containsKey(closed + 1)) {
            closed++;
        }
        return closed;
    }

    Optional<Addressed> addressed(Outcome.Part part) {
        return Optional.ofNullable(addressed.get(part.digest().hex()));
    }
}
