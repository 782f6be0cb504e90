package dev.cohort.distill;

import dev.cohort.protocol.SoftLabels;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Tensor;

/**
 * A loss on logits, a mean over the rows of the batch. Without rows it is 0. Targets are constant.
 *
 * <pre>
 * crossEntropy  CE = -(1/B) sum q ln softmax(z)                      dCE/dz = (softmax(z) - q) / B
 * divergence    (T^2/B) sum q (ln q - ln softmax_T(z))               d/dz   = (T/B) (softmax_T(z) - q)
 * symmetric     (1/(2B)) sum (p - q) (ln p - ln q)                   d/dz   = (p - q + p (d - &lt;p, d&gt;)) / (2B)
 *               = (KL(p || q) + KL(q || p)) / 2                               with p = softmax(z), d = ln p - ln q
 * squares       (1/(B C)) sum (z - t)^2                              d/dz   = 2 (z - t) / (B C)
 * </pre>
 *
 * Divergence with the factor T^2: Hinton, Vinyals, Dean, "Distilling the Knowledge in a Neural Network" (2015); squares of
 * logits: Ba and Caruana, "Do Deep Nets Really Need to be Deep?" (2014).
 *
 * @param loss its value
 * @param gradient with respect to the logits [B, C], 64-bit
 */
public record LogitLoss(double loss, Tensor gradient) {
    /** Cross-entropy with the labels of a batch. */
    public static LogitLoss crossEntropy(SoftLabels labels, Tensor logits) {
        return crossEntropy(Tensor.of(DType.FLOAT64, labels.dense(), labels.rows(), labels.classes()), logits);
    }

    /**
     * Cross-entropy.
     *
     * @param target q [B, C], each row sums to 1
     * @param logits z [B, C]
     */
    public static LogitLoss crossEntropy(Tensor target, Tensor logits) {
        requireSameShape("target", target, logits);
        double[] q = target.toDoubles();
        Distribution student = student(logits, 1);
        double sum = 0;
        double[] gradient = new double[q.length];
        int rows = logits.dimension(0);
        for (int i = 0; i < q.length; i++) {
            sum -= q[i] * student.logarithms[i];
            gradient[i] = (student.probabilities[i] - q[i]) / rows;
        }
        return mean(sum, rows, gradient, logits);
    }

    /**
     * Divergence from the teacher's softened distribution.
     *
     * @param teacher its logits [B, C]; the target is {@code softmax_T} of them
     * @param logits z [B, C]
     * @param temperature T, above 0
     */
    public static LogitLoss divergenceFromLogits(Tensor teacher, Tensor logits, double temperature) {
        requireSameShape("teacher's logits", teacher, logits);
        return divergence(student(teacher, temperature), logits, temperature);
    }

    /**
     * Divergence from a distribution.
     *
     * @param target q [B, C] of probabilities at temperature T; each row is divided by its sum
     * @param logits z [B, C]
     * @param temperature T, above 0
     */
    public static LogitLoss divergence(Tensor target, Tensor logits, double temperature) {
        requireSameShape("target", target, logits);
        return divergence(Distribution.ofProbabilities(target.toDoubles(), logits.dimension(1)), logits, temperature);
    }

    private static LogitLoss divergence(Distribution target, Tensor logits, double temperature) {
        Distribution student = student(logits, temperature);
        double sum = 0;
        double[] gradient = new double[logits.size()];
        int rows = logits.dimension(0);
        for (int i = 0; i < gradient.length; i++) {
            double q = target.probabilities[i];
            sum += q > 0 ? q * (target.logarithms[i] - student.logarithms[i]) : 0;
            gradient[i] = temperature * (student.probabilities[i] - q) / rows;
        }
        return mean(temperature * temperature * sum, rows, gradient, logits);
    }

    /**
     * The mean of both divergences between the student's distribution and another one.
     *
     * @param other logits [B, C]; q is their softmax
     * @param logits z [B, C]
     */
    public static LogitLoss symmetric(Tensor other, Tensor logits) {
        requireSameShape("other logits", other, logits);
        Distribution p = student(logits, 1);
        Distribution q = student(other, 1);
        double[] gradient = new double[logits.size()];
        int rows = logits.dimension(0);
        int classes = logits.dimension(1);
        double sum = 0;
        for (int start = 0; start < gradient.length; start += classes) {
            double inner = 0;
            for (int i = start; i < start + classes; i++) {
                double ratio = p.logarithms[i] - q.logarithms[i];
                sum += (p.probabilities[i] - q.probabilities[i]) * ratio / 2;
                inner += p.probabilities[i] * ratio;
            }
            for (int i = start; i < start + classes; i++) {
                double ratio = p.logarithms[i] - q.logarithms[i];
                gradient[i] =
                        (p.probabilities[i] - q.probabilities[i] + p.probabilities[i] * (ratio - inner)) / (2 * rows);
            }
        }
        return mean(sum, rows, gradient, logits);
    }

    /**
     * Mean squared error of logits.
     *
     * @param teacher t [B, C]
     * @param logits z [B, C]
     */
    public static LogitLoss squares(Tensor teacher, Tensor logits) {
        requireSameShape("teacher's logits", teacher, logits);
        double[] gradient = logits.toDoubles();
        double sum = 0;
        for (int i = 0; i < gradient.length; i++) {
            double difference = gradient[i] - teacher.at(i);
            sum += difference * difference;
            gradient[i] = 2 * difference / gradient.length;
        }
        return mean(sum, gradient.length, gradient, logits);
    }

    /** The sum with a loss on the same logits. */
    public LogitLoss plus(LogitLoss other) {
        return plus(other, 1);
    }

    /** {@code this + factor * other}, of two losses on the same logits. */
    public LogitLoss plus(LogitLoss other, double factor) {
        requireSameShape("gradient", other.gradient, gradient);
        double[] sum = gradient.toDoubles();
        for (int i = 0; i < sum.length; i++) {
            sum[i] += factor * other.gradient.at(i);
        }
        return new LogitLoss(
                loss + factor * other.loss,
                Tensor.of(DType.FLOAT64, sum, gradient.shape().toArray()));
    }

    /** {@code factor * this}. */
    public LogitLoss times(double factor) {
        return none(gradient).plus(this, factor);
    }

    /** 0 on these logits. */
    public static LogitLoss none(Tensor logits) {
        return new LogitLoss(
                0,
                Tensor.of(
                        DType.FLOAT64, new double[logits.size()], logits.shape().toArray()));
    }

    private static LogitLoss mean(double sum, int count, double[] gradient, Tensor logits) {
        return new LogitLoss(
                count == 0 ? 0 : sum / count,
                Tensor.of(DType.FLOAT64, gradient, logits.shape().toArray()));
    }

    private static Distribution student(Tensor logits, double temperature) {
        return Distribution.ofLogits(logits.toDoubles(), logits.dimension(1), temperature);
    }

    static void requireSameShape(String name, Tensor tensor, Tensor logits) {
        if (logits.shape().size() != 2 || !tensor.shape().equals(logits.shape())) {
            throw new IllegalArgumentException(name + " of shape " + tensor.shape() + " for logits of shape "
                    + logits.shape() + ": must be equal, [B, C]");
        }
    }
}
