package dev.cohort.coordinator.teacher;

import dev.cohort.distill.OwnTeacher;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/**
 * The coordinator's side of a method: computes targets from the peers' predictions. It is pure, and the parameters of a trained
 * teacher are a value: {@link TeacherStep#next} becomes the state only when the log holds the outcome that was computed with it.
 */
public interface Teacher {
    /** Whether it computes targets; otherwise every peer trains on the labels alone. */
    default boolean distils() {
        return true;
    }

    /** Tensors besides the logits that peers must publish ({@link dev.cohort.protocol.TensorName}). */
    default List<String> reads() {
        return List.of();
    }

    /** Whether peers must publish feature maps. */
    default boolean readsMaps() {
        return reads().stream().anyMatch(TensorName::isMap);
    }

    /** The teacher that each student runs beside itself. */
    default OwnTeacher ownTeacher() {
        return new OwnTeacher.None();
    }

    /**
     * Fewest contributors for which it computes targets. 0 if targets depend on no prediction: then no peer is awaited, and
     * outcomes name no contributors.
     */
    int contributorsMin();

    /**
     * Refuses contributors whose tensors it could not compare, before a run starts.
     *
     * @param contributors of the experiment, in the order of their slots
     * @throws IllegalArgumentException if it could not teach them
     */
    default void requireTeachable(List<PeerId> contributors) {}

    /** State before step 1; empty for a teacher without trained parameters. */
    default NamedTensors initialState() {
        return NamedTensors.none();
    }

    /** The targets of one step and the state after it. */
    TeacherStep teach(NamedTensors state, StepInput input);

    /**
     * The state with the parameters, momentum and statistics of one slot reset to their values before step 1, because another
     * peer contributes from the slot now.
     */
    default NamedTensors renewed(NamedTensors state, int slot) {
        return state;
    }

    /** {@link #renewed(NamedTensors, int)} for each of {@code slots}. */
    default NamedTensors renewed(NamedTensors state, Ints slots) {
        NamedTensors renewed = state;
        for (int slot : slots.toArray()) {
            renewed = renewed(renewed, slot);
        }
        return renewed;
    }

    /**
     * The teacher's logits on the test images; empty for a teacher that cannot be evaluated apart from the peers.
     *
     * @param predictions test-set tensors by slot
     */
    default Optional<Tensor> evaluate(NamedTensors state, SortedMap<Integer, NamedTensors> predictions) {
        return Optional.empty();
    }

    /**
     * The share of each contributor in the targets of each student, to analyse a run.
     *
     * @param state before the step
     * @param teacherStep result of {@link #teach} for both
     */
    default Shares shares(NamedTensors state, StepInput input, TeacherStep teacherStep) {
        return Shares.ofTerms(input, teacherStep, ownTeacher());
    }

    /**
     * What a teacher computes a step from.
     *
     * @param step 1-based
     * @param epoch 0-based, for ramp-up
     * @param learningRate of the trained parameters at this step
     * @param labels of the batch
     * @param predictions of the contributors, in the order of their slots
     */
    record StepInput(long step, int epoch, double learningRate, SoftLabels labels, List<PeerPrediction> predictions) {
        public StepInput {
            predictions = List.copyOf(predictions);
        }
    }

    /** The prediction of one contributor. */
    record PeerPrediction(PeerId peer, int slot, NamedTensors tensors) {}

    /**
     * The targets of a step and the state after it.
     *
     * @param labelWeight factor of each peer's cross-entropy with the labels
     * @param terms for all peers
     * @param addressed further terms for single contributors, by slot
     * @param next the state after this step
     */
    record TeacherStep(
            double labelWeight, List<Term> terms, SortedMap<Integer, List<Term>> addressed, NamedTensors next) {}

    /** The digest by which an outcome names a state. */
    static Digest hash(NamedTensors state) {
        return state.digest();
    }
}
