package dev.cohort.peer;

import dev.cohort.protocol.Addressed;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Limits;
import dev.cohort.protocol.MapGradients;
import dev.cohort.protocol.NodeFailure;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Pieces;
import dev.cohort.protocol.TensorPiece;
import dev.cohort.protocol.Term;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** What a peer has read about steps that it has not trained yet. The first batch and the first outcome of a step count. */
final class ReadAhead {
    /** Enough for the gradients of several maps. */
    private static final long GRADIENT_BYTES_MAX = 4L * Limits.DEFAULT.mapBytesMax();

    private static final Pieces NO_PIECES = new Pieces(0);

    private final PeerId self;
    private final SortedMap<Long, Batch> batches = new TreeMap<>();
    private final SortedMap<Long, Outcome> outcomes = new TreeMap<>();
    private final SortedMap<String, Addressed> addressed = new TreeMap<>();
    private final SortedMap<Long, Pieces> gradients = new TreeMap<>();
    private final Progress progress;
    /** Latest step of which a piece of a gradient was read. */
    private long newestGradient;

    ReadAhead(PeerId self, Progress progress) {
        this.self = self;
        this.progress = progress;
    }

    /** Releases everything about steps before the training step. */
    void dropTrained() {
        batches.headMap(progress.trainingStep()).clear();
        outcomes.headMap(progress.trainingStep()).clear();
        addressed.values().removeIf(part -> !isUntrained(part.step()));
        gradients.headMap(progress.trainingStep()).clear();
    }

    private boolean isUntrained(long step) {
        return step >= progress.trainingStep();
    }

    void batch(Batch batch) {
        if (isUntrained(batch.step())) {
            batches.putIfAbsent(batch.step(), batch);
        }
    }

    void outcome(Outcome outcome) {
        if (isUntrained(outcome.step())) {
            outcomes.putIfAbsent(outcome.step(), outcome);
        }
    }

    void addressed(Addressed part) {
        if (isUntrained(part.step()) && part.peer().equals(self)) {
            addressed.put(part.digest().hex(), part);
        }
    }

    /** Keeps a piece of the gradient with respect to a feature map of this peer. */
    void piece(TensorPiece piece) {
        if (piece.peer().equals(self)) {
            newestGradient = Math.max(newestGradient, piece.step());
        }
        if (isUntrained(piece.step())
                && piece.use() == TensorPiece.Use.GRADIENT
                && piece.peer().equals(self)) {
            gradients
                    .computeIfAbsent(piece.step(), s -> new Pieces(GRADIENT_BYTES_MAX))
                    .add(piece);
        }
    }

    Optional<Batch> batch(long step) {
        return Optional.ofNullable(batches.get(step));
    }

    Optional<Outcome> outcome(long step) {
        return Optional.ofNullable(outcomes.get(step));
    }

    /** Whether the part for this peer was read, with all gradients that it refers to; true if {@code outcome} names none. */
    boolean hasOwnPart(Outcome outcome) {
        return !(outcome.resolution() instanceof Outcome.Targets targets)
                || ownPart(targets).isEmpty()
                || readTerms(targets).isPresent();
    }

    /** @throws NodeFailure if a gradient for {@code step} can no longer come */
    void requireGradients(long step) {
        if (outcome(step).filter(this::gradientIsGone).isPresent()) {
            throw new NodeFailure(
                    "step " + step + " cannot be trained: the log no longer has the gradient of its feature maps;"
                            + " in the next run, raise wire.maps_kept_mebibytes or lower record.checkpoint_steps");
        }
    }

    /** Pieces are written in the order of steps: one that is missing does not come after one of a later step. */
    private boolean gradientIsGone(Outcome outcome) {
        return outcome.resolution() instanceof Outcome.Targets targets
                && newestGradient > outcome.step()
                && ownPart(targets)
                        .filter(part -> addressed.containsKey(part.digest().hex()))
                        .isPresent()
                && readTerms(targets).isEmpty();
    }

    /** The terms for this peer alone; none if {@code targets} names none. */
    List<Term> ownTerms(Outcome.Targets targets) {
        return readTerms(targets).orElse(List.of());
    }

    private Optional<List<Term>> readTerms(Outcome.Targets targets) {
        return ownPart(targets)
                .flatMap(part -> Optional.ofNullable(addressed.get(part.digest().hex())))
                .flatMap(part -> MapGradients.joined(
                        part.terms(),
                        Optional.ofNullable(gradients.get(part.step())).orElse(NO_PIECES)));
    }

    private Optional<Outcome.Part> ownPart(Outcome.Targets targets) {
        return targets.addressed().stream()
                .filter(part -> part.peer().equals(self))
                .findFirst();
    }
}
