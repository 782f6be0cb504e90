package dev.cohort.coordinator.follow;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.protocol.Batch;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import java.util.List;
import java.util.function.LongToDoubleFunction;

/** Asks the teacher for one step: the same for whoever proposes it, applies it or computes it again from the log. */
public final class TeacherSteps {
    private final Teacher teacher;
    private final LongToDoubleFunction learningRate;

    /** @param learningRate of the trained teacher at a step */
    public TeacherSteps(Teacher teacher, LongToDoubleFunction learningRate) {
        this.teacher = teacher;
        this.learningRate = learningRate;
    }

    /**
     * What the teacher makes of the predictions for a batch.
     *
     * @param state of the teacher before the step
     * @param renewed slots whose trained parameters are reset first, ascending
     * @param predictions in the order of their slots
     */
    public Teacher.TeacherStep step(
            NamedTensors state, Ints renewed, Batch batch, List<Teacher.PeerPrediction> predictions) {
        return teacher.teach(teacher.renewed(state, renewed), input(batch, predictions));
    }

    /** The predictions for a batch, with what the teacher is told of the batch. */
    public Teacher.StepInput input(Batch batch, List<Teacher.PeerPrediction> predictions) {
        return new Teacher.StepInput(
                batch.step(), batch.epoch(), learningRate.applyAsDouble(batch.step()), batch.labels(), predictions);
    }
}
