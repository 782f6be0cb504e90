package dev.cohort.distill.maps;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The trained weights {@code exp(-a_k)} of the paths of adaptive distillation, which add {@code alpha sum_k (exp(-a_k) l_k +
 * a_k)} to a student's loss. {@code dL/da_k = alpha (1 - exp(-a_k) l_k)}, so a settles near {@code ln l_k} and the scale of a
 * path drops out.
 *
 * <p>Source: Chennupati, Kamani, Cheng, Chen, "Adaptive Distillation", BMVC 2021 (arXiv 2110.09674); the rule is that of the
 * official code, {@code AdaptiveLossScaler}.
 *
 * @param a per path, 0 at first
 * @param velocity per path, the momentum of a, 0 at first
 */
public record AdaptiveWeights(List<Double> a, List<Double> velocity) {
    public AdaptiveWeights {
        a = List.copyOf(a);
        velocity = List.copyOf(velocity);
        if (a.size() != velocity.size()) {
            throw new IllegalArgumentException("adaptive weights of " + a.size() + " paths with " + velocity.size()
                    + " velocities: must be equal");
        }
    }

    /** The weights 1 of untrained paths. */
    public static AdaptiveWeights untrained(int paths) {
        List<Double> zeros = Collections.nCopies(paths, 0.0);
        return new AdaptiveWeights(zeros, zeros);
    }

    /** {@code exp(-a_k)} per path. */
    public List<Double> weights() {
        return a.stream().map(one -> StrictMath.exp(-one)).toList();
    }

    /**
     * {@code alpha sum_k (exp(-a_k) l_k + a_k)}.
     *
     * @param losses l_k per path
     * @param alpha factor of losses and weights
     */
    public double loss(List<Double> losses, double alpha) {
        requireSize("losses", losses);
        List<Double> weights = weights();
        double sum = 0;
        for (int k = 0; k < a.size(); k++) {
            sum += weights.get(k) * losses.get(k) + a.get(k);
        }
        return alpha * sum;
    }

    /**
     * The gradient of {@link #loss} with respect to a.
     *
     * @param losses l_k per path
     * @param alpha factor of losses and weights
     */
    public List<Double> gradient(List<Double> losses, double alpha) {
        requireSize("losses", losses);
        List<Double> weights = weights();
        List<Double> gradient = new ArrayList<>();
        for (int k = 0; k < a.size(); k++) {
            gradient.add(alpha * (1 - weights.get(k) * losses.get(k)));
        }
        return gradient;
    }

    /**
     * One step of stochastic gradient descent: {@code v' = momentum v + g + decay a}, {@code a' = a - rate v'}. The weight decay
     * of the student applies to a, too.
     */
    public AdaptiveWeights step(List<Double> gradient, double rate, double momentum, double decay) {
        requireSize("gradients", gradient);
        List<Double> moved = new ArrayList<>();
        List<Double> velocities = new ArrayList<>();
        for (int k = 0; k < a.size(); k++) {
            double next = momentum * velocity.get(k) + gradient.get(k) + decay * a.get(k);
            velocities.add(next);
            moved.add(a.get(k) - rate * next);
        }
        return new AdaptiveWeights(moved, velocities);
    }

    private void requireSize(String name, List<Double> values) {
        if (values.size() != a.size()) {
            throw new IllegalArgumentException(
                    values.size() + " " + name + ": must be " + a.size() + ", one for each path");
        }
    }
}
