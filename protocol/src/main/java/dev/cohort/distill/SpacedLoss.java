package dev.cohort.distill;

import dev.cohort.protocol.SoftLabels;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Tensor;

/**
 * The loss of a student in spaced distillation, with a constant teacher:
 *
 * <pre>
 * L = (1 - alpha) CE(z, y) + alpha soft + beta distance
 * distance = ||f - f_t||, one root over the whole matrix [B, D]           d/df = (f - f_t) / distance, 0 if equal
 * soft     = T^2 KL(softmax_T(z_t) || softmax_T(z))                       clean
 * soft     = mean over B of sum_c q (ln q - p)                            as coded, d/dz = -p (q - &lt;p, q&gt;) / (B T)
 * </pre>
 *
 * with q and p the softmax of teacher and student at T. The official code hands probabilities to a divergence that wants their
 * logarithms, and has no T^2; what it trains on is no divergence. Source: Spaced KD, ICML 2025, official code
 * SunGL001/Spaced-KD.
 *
 * @param loss L
 * @param crossEntropy without weight
 * @param soft without weight
 * @param distance without weight
 * @param logits dL/dz [B, C]
 * @param features dL/df [B, D]
 */
public record SpacedLoss(
        double loss, double crossEntropy, double soft, double distance, Tensor logits, Tensor features) {
    /** Which soft loss. */
    public enum Form {
        CLEAN,
        AS_CODED
    }

    /**
     * What a network says of a batch.
     *
     * @param logits [B, C]
     * @param features [B, D]
     */
    public record Outputs(Tensor logits, Tensor features) {}

    /**
     * How much each part counts.
     *
     * @param alpha share of the soft loss, from 0 to 1
     * @param beta weight of the distance
     * @param temperature T, above 0
     */
    public record Weights(double alpha, double beta, double temperature) {
        public Weights {
            if (!(alpha >= 0 && alpha <= 1 && temperature > 0)) {
                throw new IllegalArgumentException("alpha " + alpha + " at temperature " + temperature
                        + ": must be from 0 to 1, and the temperature above 0");
            }
        }
    }

    /** The loss of one batch. */
    public static SpacedLoss of(SoftLabels labels, Outputs own, Outputs teacher, Weights weights, Form form) {
        LogitLoss.requireSameShape("teacher's features", teacher.features(), own.features());
        LogitLoss crossEntropy = LogitLoss.crossEntropy(labels, own.logits());
        LogitLoss soft = form == Form.CLEAN
                ? LogitLoss.divergenceFromLogits(teacher.logits(), own.logits(), weights.temperature())
                : asCoded(teacher.logits(), own.logits(), weights.temperature());
        double[] difference = own.features().toDoubles();
        double squares = 0;
        for (int i = 0; i < difference.length; i++) {
            difference[i] -= teacher.features().at(i);
            squares += difference[i] * difference[i];
        }
        double distance = StrictMath.sqrt(squares);
        for (int i = 0; i < difference.length && distance > 0; i++) {
            difference[i] *= weights.beta() / distance;
        }
        LogitLoss sum = crossEntropy.times(1 - weights.alpha()).plus(soft, weights.alpha());
        return new SpacedLoss(
                sum.loss() + weights.beta() * distance,
                crossEntropy.loss(),
                soft.loss(),
                distance,
                sum.gradient(),
                Tensor.of(DType.FLOAT64, difference, own.features().shape().toArray()));
    }

    private static LogitLoss asCoded(Tensor teacher, Tensor logits, double temperature) {
        LogitLoss.requireSameShape("teacher's logits", teacher, logits);
        int rows = logits.dimension(0);
        int classes = logits.dimension(1);
        Distribution q = Distribution.ofLogits(teacher.toDoubles(), classes, temperature);
        Distribution p = Distribution.ofLogits(logits.toDoubles(), classes, temperature);
        double[] gradient = new double[logits.size()];
        double sum = 0;
        for (int start = 0; start < gradient.length; start += classes) {
            double inner = 0;
            for (int i = start; i < start + classes; i++) {
                sum += q.probabilities[i] * (q.logarithms[i] - p.probabilities[i]);
                inner += p.probabilities[i] * q.probabilities[i];
            }
            for (int i = start; i < start + classes; i++) {
                gradient[i] = -p.probabilities[i] * (q.probabilities[i] - inner) / (rows * temperature);
            }
        }
        return new LogitLoss(
                rows == 0 ? 0 : sum / rows,
                Tensor.of(DType.FLOAT64, gradient, logits.shape().toArray()));
    }
}
