package dev.cohort.coordinator.method;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.Objective;
import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * Predictions of the contributors of one step, and the loss of each with the targets: the two ends of a step without the log between.
 *
 * @param slots of the contributors, ascending
 * @param published per contributor
 */
record Cohort(SoftLabels labels, List<Integer> slots, List<NamedTensors> published) {
    /** Contributors in the slots 0, 1, ... */
    static Cohort of(SoftLabels labels, List<NamedTensors> published) {
        List<Integer> slots = new ArrayList<>();
        for (int slot = 0; slot < published.size(); slot++) {
            slots.add(slot);
        }
        return new Cohort(labels, slots, published);
    }

    /** Contributors with random logits [rows, classes] and features [rows, width]. */
    static Cohort random(long seed, SoftLabels labels, List<Integer> slots, int width) {
        SplittableRandom random = new SplittableRandom(seed);
        List<NamedTensors> published = new ArrayList<>();
        for (int i = 0; i < slots.size(); i++) {
            published.add(tensors(
                    DType.FLOAT64,
                    labels,
                    uniform(random, labels.rows() * labels.classes(), 3),
                    uniform(random, labels.rows() * width, 1)));
        }
        return new Cohort(labels, slots, published);
    }

    static NamedTensors tensors(DType type, SoftLabels labels, double[] logits, double[] features) {
        return NamedTensors.of(Map.of(
                TensorName.LOGITS, Tensor.of(type, logits, labels.rows(), labels.classes()),
                TensorName.FEATURES, Tensor.of(type, features, labels.rows(), features.length / labels.rows())));
    }

    private static double[] uniform(SplittableRandom random, int size, double bound) {
        double[] values = new double[size];
        for (int i = 0; i < size; i++) {
            values[i] = bound * (2 * random.nextDouble() - 1);
        }
        return values;
    }

    /** The same contributors, who publish one tensor more (or another of that name): [rows, columns] of each. */
    Cohort with(String name, List<double[]> values) {
        List<NamedTensors> more = new ArrayList<>();
        for (int i = 0; i < size(); i++) {
            DType type = published.get(i).get(TensorName.LOGITS).dtype();
            double[] own = values.get(i);
            more.add(published.get(i).with(name, Tensor.of(type, own, labels.rows(), own.length / labels.rows())));
        }
        return new Cohort(labels, slots, more);
    }

    /** Loss and gradients of a peer with the shared terms alone, when the outcome does not name its prediction {@code own}. */
    Objective.Result nonContributor(NamedTensors own, Teacher.TeacherStep lesson) {
        return Objective.of(labels, lesson.labelWeight(), lesson.terms(), own, own, Optional.empty(), DType.FLOAT64);
    }

    int size() {
        return slots.size();
    }

    Teacher.StepInput input(int epoch, double learningRate) {
        List<Teacher.PeerPrediction> predictions = new ArrayList<>();
        for (int i = 0; i < size(); i++) {
            predictions.add(new Teacher.PeerPrediction(new PeerId("p" + slots.get(i)), slots.get(i), published.get(i)));
        }
        return new Teacher.StepInput(1, epoch, learningRate, labels, predictions);
    }

    /** Contributor {@code i}'s loss and gradients with the shared and its own terms. */
    Objective.Result objective(int i, Teacher.TeacherStep lesson) {
        List<Term> terms = new ArrayList<>(lesson.terms());
        terms.addAll(lesson.addressed().getOrDefault(slots.get(i), List.of()));
        return objective(
                i,
                lesson.labelWeight(),
                terms,
                published.get(i).get(TensorName.LOGITS).dtype());
    }

    Objective.Result objective(int i, double labelWeight, List<Term> terms, DType gradientType) {
        NamedTensors own = published.get(i);
        return Objective.of(
                labels, labelWeight, terms, own, own, Optional.of(new Objective.Place(i, size())), gradientType);
    }

    double[] logits(int i) {
        return published.get(i).get(TensorName.LOGITS).toDoubles();
    }

    static Experiment.Optimizer sgd(double momentum, boolean nesterov, double weightDecay) {
        return new Experiment.Optimizer(
                0.1,
                momentum,
                nesterov,
                weightDecay,
                new Experiment.Schedule(Experiment.Schedule.Shape.CONSTANT, List.of(), 1, 0));
    }
}
