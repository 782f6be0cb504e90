package dev.cohort.exact;

import ai.djl.ndarray.NDArray;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The loss of all peers of a method as one autograd graph, written from the papers and sharing no code with the product.
 *
 * <pre>
 * dml: sum_i [ CE(z_i, y) + w/(m-1) sum_{j != i} T^2 KL(p_j || p_i) ],  p_k = softmax_T(z_k), p_j constant
 * one: sum_i CE(z_i, y) + CE(z_e, y) + w sum_i T^2 KL(softmax_T(z_e) || softmax_T(z_i)),  z_e = sum_k g_k z_k,
 *      z_e constant in the KL, not constant in CE(z_e, y)
 * ffl: sum_i CE(z_i, y) + CE(z_f, y) + w [ sum_i T^2 KL(softmax_T(z_f) || softmax_T(z_i)) + T^2 KL(softmax_T(z_e) || softmax_T(z_f)) ],
 *      z_e = mean of all z_i; the first argument of each KL constant, z_f otherwise not
 * </pre>
 *
 * Means over the batch. Two mathematically equal ways to write each loss give the yardstick for rounding.
 */
final class WholeLoss {
    /** How the same loss is written down. */
    enum Formulation {
        /** As the paper prints it. */
        PRINTED,
        /** Log-softmax by hand, the parts of a divergence apart, one mean target for many, sums in reverse order. */
        REARRANGED
    }

    private final Formulation formulation;
    private final NDArray labels;
    private final double rows;

    /** @param labels y [B, C], rows summing to 1; its manager stays open until after the backward pass */
    WholeLoss(Formulation formulation, NDArray labels) {
        this.formulation = formulation;
        this.labels = labels;
        this.rows = labels.getShape().get(0);
    }

    /**
     * Deep Mutual Learning.
     *
     * @param logits z_i [B, C] of every peer
     * @param weight w
     */
    NDArray dml(List<NDArray> logits, double temperature, double weight) {
        List<NDArray> terms = new ArrayList<>();
        for (int i = 0; i < logits.size(); i++) {
            NDArray own = logits.get(i);
            List<NDArray> others = new ArrayList<>(logits);
            others.remove(i);
            List<NDArray> targets =
                    others.stream().map(other -> target(other, temperature)).toList();
            terms.add(crossEntropy(own));
            if (formulation == Formulation.REARRANGED) {
                terms.add(divergence(mean(targets), own, temperature).mul(constant(weight)));
            } else {
                for (NDArray target : targets) {
                    terms.add(divergence(target, own, temperature).mul(constant(weight / targets.size())));
                }
            }
        }
        return sum(terms);
    }

    /**
     * On-the-fly Native Ensemble between whole networks.
     *
     * @param gates g [B, m], differentiable
     */
    NDArray one(List<NDArray> logits, NDArray gates, double temperature, double weight) {
        List<NDArray> shares = new ArrayList<>();
        for (int i = 0; i < logits.size(); i++) {
            shares.add(logits.get(i).mul(gates.get(":, " + i + ":" + (i + 1))));
        }
        NDArray ensemble = sum(shares);
        NDArray target = target(ensemble, temperature);
        List<NDArray> terms = new ArrayList<>(List.of(crossEntropy(ensemble)));
        for (NDArray own : logits) {
            terms.add(crossEntropy(own));
            terms.add(divergence(target, own, temperature).mul(constant(weight)));
        }
        return sum(terms);
    }

    /**
     * Feature Fusion Learning.
     *
     * @param fused z_f [B, C], differentiable
     */
    NDArray ffl(List<NDArray> logits, NDArray fused, double temperature, double weight) {
        List<NDArray> terms = new ArrayList<>(List.of(crossEntropy(fused)));
        terms.add(imitation(mean(logits), fused, temperature).mul(constant(weight)));
        for (NDArray own : logits) {
            terms.add(crossEntropy(own));
            terms.add(imitation(fused, own, temperature).mul(constant(weight)));
        }
        return sum(terms);
    }

    /** T^2 KL(softmax_T(teacher) || softmax_T(student)), the teacher constant. */
    NDArray imitation(NDArray teacher, NDArray student, double temperature) {
        return divergence(target(teacher, temperature), student, temperature);
    }

    /** softmax_T, detached. */
    private NDArray target(NDArray logits, double temperature) {
        return logarithm(logits, temperature).exp().stopGradient();
    }

    NDArray crossEntropy(NDArray logits) {
        return logarithm(logits, 1).mul(labels).sum().mul(constant(-1 / rows));
    }

    /** T^2 KL(target || softmax_T), up to a constant when rearranged. */
    private NDArray divergence(NDArray target, NDArray logits, double temperature) {
        NDArray student = logarithm(logits, temperature);
        NDArray sum = formulation == Formulation.REARRANGED
                ? target.mul(target.log()).sum().sub(student.mul(target).sum())
                : target.mul(target.log().sub(student)).sum();
        return sum.mul(constant(temperature * temperature / rows));
    }

    private NDArray logarithm(NDArray logits, double at) {
        NDArray scaled = logits.div(constant(at));
        return formulation == Formulation.REARRANGED
                ? scaled.sub(scaled.exp().sum(new int[] {1}, true).log())
                : scaled.logSoftmax(1);
    }

    /**
     * A number that stays for the whole step. Autograd keeps the operands of a product, and those that DJL makes of a Java number
     * lie in a Java buffer that is free for the garbage collector before the backward pass reads it.
     */
    NDArray constant(double value) {
        return labels.getManager().create(value);
    }

    NDArray sum(List<NDArray> terms) {
        List<NDArray> ordered = new ArrayList<>(terms);
        if (formulation == Formulation.REARRANGED) {
            Collections.reverse(ordered);
        }
        NDArray sum = ordered.get(0);
        for (NDArray term : ordered.subList(1, ordered.size())) {
            sum = sum.add(term);
        }
        return sum;
    }

    NDArray mean(List<NDArray> terms) {
        return sum(terms).div(constant(terms.size()));
    }
}
