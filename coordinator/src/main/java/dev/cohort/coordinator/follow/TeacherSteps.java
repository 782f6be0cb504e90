package dev.cohort.coordinator.follow;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.protocol.Batch;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import java.util.List;
import java.util.function.LongToDoubleFunction;

/** Computes one step of the teacher, in the same way for a proposal, for an applied outcome and for verification. */
public final class TeacherSteps {
    private final Teacher teacher;
    private final LongToDoubleFunction learningRate;

    /** @param learningRate learning rate of the trained teacher by step */
    public TeacherSteps(Teacher teacher, LongToDoubleFunction learningRate) {
        this.teacher = teacher;
        this.learningRate = learningRate;
    }

    /**
     * The teacher's result for the predictions for a batch.
     *
     * @param state of the teacher before the step
     * @param renewed slots whose trained parameters are reset first, ascending
     * @param predictions in the order of their slots
     */
    public Teacher.TeacherStep step(
            NamedTensors state, Ints renewed, Batch batch, List<Teacher.PeerPrediction> predictions) {
        return teacher.teach(teacher.renewed(state, renewed), input(batch, predictions));
    }

    /** The teacher's input for a batch. */
    public Teacher.StepInput input(Batch batch, List<Teacher.PeerPrediction> predictions) {
        return new Teacher.StepInput(
                batch.step(), batch.epoch(), learningRate.applyAsDouble(batch.step()), batch.labels(), predictions);
    }
}
