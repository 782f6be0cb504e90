package dev.cohort.coordinator.teacher;

import dev.cohort.distill.OwnTeacher;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/**
 * The coordinator's side of a method: makes targets from the peers' predictions. Pure; a trained teacher's parameters are a
 * value. {@link #teach} has no effect: its {@link TeacherStep#next} becomes the state only when the outcome it belongs to has won.
 */
public interface Teacher {
    /** Whether it makes targets at all; without, every peer is an observer that trains on the labels alone. */
    default boolean distils() {
        return true;
    }

    /** Tensors besides the logits that peers must publish ({@link dev.cohort.protocol.TensorName}). */
    default List<String> reads() {
        return List.of();
    }

    /** The teacher that each student must bring along itself. */
    default OwnTeacher ownTeacher() {
        return new OwnTeacher.None();
    }

    /**
     * Fewest contributors for which targets can be made. 0 says that they depend on no prediction at all: nobody is waited for,
     * and outcomes name no contributors.
     */
    int contributorsMin();

    /** State before step 1; empty for a teacher without trained parameters. */
    default NamedTensors initialState() {
        return NamedTensors.none();
    }

    /** The targets of one step and the state after it. */
    TeacherStep teach(NamedTensors state, StepInput input);

    /**
     * The state in which what belongs to one slot, with its momentum and statistics, is as it was before step 1, and everything
     * else as it is: another peer has the slot now.
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
     * The teacher's logits on the test images, if there is a teacher apart from the peers.
     *
     * @param predictions test-set tensors by slot
     */
    default Optional<Tensor> evaluate(NamedTensors state, SortedMap<Integer, NamedTensors> predictions) {
        return Optional.empty();
    }

    /**
     * Who teaches whom in a step, for those who study a run.
     *
     * @param state before the step
     * @param teacherStep that {@link #teach} made of both
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
     * @param labelWeight factor of each peer's cross-entropy with the labels
     * @param terms for everybody
     * @param addressed further terms for single contributors, by slot
     * @param next the state after this step
     */
    record TeacherStep(
            double labelWeight, List<Term> terms, SortedMap<Integer, List<Term>> addressed, NamedTensors next) {}

    /** What an outcome says of a state: its digest. */
    static Digest hash(NamedTensors state) {
        return state.digest();
    }
}
