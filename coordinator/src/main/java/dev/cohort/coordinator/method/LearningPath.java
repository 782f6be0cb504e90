package dev.cohort.coordinator.method;

import dev.cohort.distill.Softmax;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.protocol.TensorName;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** One of the paths along which a student learns: a loss with its gradients, all without the weight of the path. */
final class LearningPath {
    final int number;
    final double loss;
    /** The teacher's [B, C], for a divergence from them. */
    final Optional<double[]> probabilities;
    /** At what the student published, by the name of the tensor. */
    final SortedMap<String, double[]> gradients;
    /** Of trained parameters on this path, by their names in the state. */
    final SortedMap<String, double[]> parameters;

    LearningPath(
            int number,
            double loss,
            Optional<double[]> probabilities,
            Map<String, double[]> gradients,
            Map<String, double[]> parameters) {
        this.number = number;
        this.loss = loss;
        this.probabilities = probabilities;
        this.gradients = Collections.unmodifiableSortedMap(new TreeMap<>(gradients));
        this.parameters = Collections.unmodifiableSortedMap(new TreeMap<>(parameters));
    }

    /** On one tensor. */
    static LearningPath on(String tensor, int number, double loss, double[] gradient) {
        return new LearningPath(number, loss, Optional.empty(), Map.of(tensor, gradient), Map.of());
    }

    /** {@code CE(z, y)}. */
    static LearningPath onLabels(int number, SoftLabels labels, double[] own) {
        double[] y = labels.dense();
        double[] gradient = Softmax.probabilities(own, labels.classes(), 1);
        double[] logarithms = Softmax.logProbabilities(own, labels.classes(), 1);
        int rows = labels.rows();
        double loss = 0;
        for (int i = 0; i < gradient.length; i++) {
            loss -= y[i] * logarithms[i] / rows;
            gradient[i] = (gradient[i] - y[i]) / rows;
        }
        return on(TensorName.LOGITS, number, loss, gradient);
    }

    /** {@code mean (z - z_t)^2} over batch and classes. */
    static LearningPath ofSquares(int number, double[] teacher, double[] own) {
        double[] gradient = new double[own.length];
        double loss = 0;
        for (int i = 0; i < own.length; i++) {
            double difference = own[i] - teacher[i];
            loss += difference * difference / own.length;
            gradient[i] = 2 * difference / own.length;
        }
        return on(TensorName.LOGITS, number, loss, gradient);
    }

    /** {@code T^2 KL(softmax_T(z_t) || softmax_T(z))}. */
    static LearningPath ofDivergence(int number, double[] teacher, double[] own, int rows, double temperature) {
        int classes = own.length / rows;
        double[] q = Softmax.probabilities(teacher, classes, temperature);
        double[] logarithms = Softmax.logProbabilities(teacher, classes, temperature);
        double[] gradient = Softmax.probabilities(own, classes, temperature);
        double[] ownLogarithms = Softmax.logProbabilities(own, classes, temperature);
        double loss = 0;
        for (int i = 0; i < q.length; i++) {
            loss += temperature * temperature * q[i] * (logarithms[i] - ownLogarithms[i]) / rows;
            gradient[i] = temperature * (gradient[i] - q[i]) / rows;
        }
        // Rounding may leave the divergence of equal distributions slightly below 0, which no rule expects of a loss.
        return new LearningPath(
                number, Math.max(0, loss), Optional.of(q), Map.of(TensorName.LOGITS, gradient), Map.of());
    }

    /** What a rule sees of a student's paths. */
    static PathWeights.Observed observed(List<LearningPath> paths, int epoch) {
        int count = paths.size();
        double[] gram = new double[count * count];
        for (int k = 0; k < count; k++) {
            for (int l = 0; l < count; l++) {
                gram[k * count + l] = inner(paths.get(k), paths.get(l));
            }
        }
        return new PathWeights.Observed(
                epoch,
                paths.stream().mapToInt(path -> path.number).toArray(),
                paths.stream().mapToDouble(path -> path.loss).toArray(),
                gram);
    }

    /** The inner product of the gradients; those at different tensors are orthogonal. */
    private static double inner(LearningPath one, LearningPath other) {
        double inner = 0;
        for (Map.Entry<String, double[]> of : one.gradients.entrySet()) {
            double[] theirs = other.gradients.getOrDefault(of.getKey(), new double[0]);
            for (int i = 0; i < theirs.length; i++) {
                inner += of.getValue()[i] * theirs[i];
            }
        }
        return inner;
    }
}
