package dev.cohort.exact;

import dev.cohort.experiment.UpdateRule;
import dev.cohort.experiment.WeightUpdate;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** A recorded distributed run beside one process. */
final class Comparison {
    private static final String TEACHER = "teacher";

    private final Setup setup;
    private final Recording recording;

    Comparison(Setup setup, Recording recording) {
        this.setup = setup;
        this.recording = recording;
    }

    /**
     * The first check: at every step one process starts from the weights that the distributed students and teacher had, and
     * the gradients of every parameter are compared.
     *
     * @return the largest difference of each step
     */
    List<Difference> gradients() {
        List<Difference> differences = new ArrayList<>();
        try (SingleProcess single = setup.singleProcess(WholeLoss.Formulation.PRINTED)) {
            for (int step = 1; step <= recording.steps(); step++) {
                single.takeUp(recording.before(step));
                differences.add(gradients(step, single.gradients(recording.batch(step))));
            }
        }
        return differences;
    }

    private Difference gradients(int step, SingleProcess.Parts expected) {
        Difference worst = Difference.NONE;
        for (int i = 0; i < setup.students(); i++) {
            NamedTensors found = recording.update(i, step).gradients();
            worst = worst.or(
                    Difference.of("student " + i, found, expected.students().get(i)));
        }
        if (setup.method().teacherRateAt(recording.lesson(step).epoch()) == 0) {
            return worst;
        }
        return worst.or(ofTeacher(teacherGradients(recording.lesson(step)), expected.teacher()));
    }

    static Difference ofTeacher(NamedTensors found, NamedTensors expected) {
        if (expected.find(Gate.BIAS).isEmpty()) {
            return Difference.of(TEACHER, found, expected);
        }
        // Batch norm follows: the bias has no effect, and its gradient is rounding alone.
        double apart = Difference.apart(found.get(Gate.BIAS), expected.get(Gate.BIAS));
        SortedMap<String, Tensor> others = new TreeMap<>(expected.asMap());
        others.remove(Gate.BIAS);
        return Difference.of(TEACHER, found, NamedTensors.of(others))
                .or(new Difference(TEACHER + " " + Gate.BIAS, apart / Difference.largest(expected.get(Gate.WEIGHT))));
    }

    /** Names of the tensors that the teacher trains, whose gradients are compared. */
    Set<String> trainedByTeacher() {
        try (SingleProcess single = setup.singleProcess(WholeLoss.Formulation.PRINTED)) {
            single.takeUp(recording.before(1));
            return single.gradients(recording.batch(1)).teacher().asMap().keySet();
        }
    }

    /** What SGD was given for every trained tensor: {@code v' = momentum v + gradient + decay w}. */
    NamedTensors teacherGradients(Recording.TeacherStep lesson) {
        WeightUpdate update = setup.experiment().optimizer().update();
        double momentum = ((UpdateRule.Sgd) update.rule()).momentum();
        SortedMap<String, Tensor> gradients = new TreeMap<>();
        lesson.before().asMap().forEach((name, weights) -> {
            if (lesson.before().find(name + TeacherTensors.MOMENTUM).isPresent()) {
                double[] values = weights.toDoubles();
                double[] before =
                        lesson.before().get(name + TeacherTensors.MOMENTUM).toDoubles();
                Tensor after = lesson.after().get(name + TeacherTensors.MOMENTUM);
                double[] gradient = after.toDoubles();
                for (int i = 0; i < gradient.length; i++) {
                    gradient[i] -= momentum * before[i] + update.weightDecay() * values[i];
                }
                gradients.put(
                        name, Tensor.of(DType.FLOAT64, gradient, after.shape().toArray()));
            }
        });
        return NamedTensors.of(gradients);
    }

    /** One process trains by itself, from the same initial weights on the same batches; its weights after every step. */
    List<SingleProcess.Parts> trajectory(WholeLoss.Formulation written) {
        List<SingleProcess.Parts> weights = new ArrayList<>();
        try (SingleProcess single = setup.singleProcess(written)) {
            single.takeUp(recording.before(1));
            for (int step = 1; step <= recording.steps(); step++) {
                SingleProcess.Batch batch = recording.batch(step);
                single.gradients(batch);
                single.update(setup.learningRate(), batch.epoch());
                weights.add(single.weights());
            }
        }
        return weights;
    }

    /** What the distributed run had after every step. */
    List<SingleProcess.Parts> trajectory() {
        List<SingleProcess.Parts> weights = new ArrayList<>();
        for (int step = 1; step <= recording.steps(); step++) {
            weights.add(recording.after(step));
        }
        return weights;
    }

    /** How far weights and statistics are apart after every step. */
    static List<Difference> drift(List<SingleProcess.Parts> found, List<SingleProcess.Parts> expected) {
        List<Difference> drift = new ArrayList<>();
        for (int step = 0; step < expected.size(); step++) {
            Difference worst = Difference.of(
                    TEACHER, found.get(step).teacher(), expected.get(step).teacher());
            for (int i = 0; i < expected.get(step).students().size(); i++) {
                worst = worst.or(Difference.of(
                        "student " + i,
                        found.get(step).students().get(i),
                        expected.get(step).students().get(i)));
            }
            drift.add(worst);
        }
        return drift;
    }
}
