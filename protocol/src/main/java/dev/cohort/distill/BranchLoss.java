package dev.cohort.distill;

import dev.cohort.protocol.SoftLabels;
import dev.cohort.tensor.Tensor;

/**
 * The loss of a student with m gated branches, and its gradients with respect to the student's outputs:
 *
 * <pre>
 * z_e = sum_k g_k z_k
 * L = sum_k CE(z_k, y) + CE(z_e, y) + w sum_k T^2 KL(softmax_T(z_e) || softmax_T(z_k))   z_e constant in the KL
 * dL/dz_k = (p_k - y)/B + g_k (p_e - y)/B + w (T/B) (softmax_T(z_k) - softmax_T(z_e))
 * dL/dg_k = &lt;z_k, p_e - y&gt;/B per row
 * </pre>
 *
 * Source: Lan, Zhu, Gong, "Knowledge Distillation by On-the-fly Native Ensemble", NeurIPS 2018 (arXiv 1806.04606), and its code
 * Lan1991Xu/ONE_NeurIPS2018, but without the 1e-7 that the code adds to target probabilities.
 */
final class BranchLoss {
    private final double[] values;
    private final double[] labels;
    private final int rows;
    private final int classes;
    private final int branches;

    final double[] crossEntropies;
    final double ensembleCrossEntropy;
    /** T^2 KL of each branch, without w. */
    final double[] divergences;
    /** dL/d(branches) [B, m (C + 1)]. */
    final double[] gradient;

    /**
     * @param packed [B, m (C + 1)], laid out as {@link dev.cohort.protocol.TensorName#BRANCHES}
     * @throws IllegalArgumentException when {@code packed} has another shape
     */
    BranchLoss(SoftLabels labels, Tensor packed, double weight, double temperature) {
        rows = labels.rows();
        classes = labels.classes();
        boolean fits = packed.shape().size() == 2
                && packed.dimension(0) == rows
                && packed.dimension(1) > 0
                && packed.dimension(1) % (classes + 1) == 0;
        if (!fits) {
            throw new IllegalArgumentException(
                    "branches of shape " + packed.shape() + ": must be [" + rows + ", m * " + (classes + 1) + "]");
        }
        branches = packed.dimension(1) / (classes + 1);
        values = packed.toDoubles();
        this.labels = labels.dense();
        crossEntropies = new double[branches];
        divergences = new double[branches];
        gradient = new double[values.length];
        double[] ensemble = ensemble(values, branches, classes);
        Distribution e = Distribution.ofLogits(ensemble, classes, 1);
        Distribution target = Distribution.ofLogits(ensemble, classes, temperature);
        ensembleCrossEntropy = crossEntropy(e);
        for (int k = 0; k < branches; k++) {
            addBranch(k, e, target, weight, temperature);
        }
    }

    /** z_e [B, C] of packed branches. */
    static double[] ensemble(double[] packed, int branches, int classes) {
        int columns = branches * (classes + 1);
        double[] ensemble = new double[packed.length / columns * classes];
        for (int i = 0; i < ensemble.length; i++) {
            int start = i / classes * columns;
            for (int k = 0; k < branches; k++) {
                ensemble[i] += packed[start + branches * classes + k] * packed[start + k * classes + i % classes];
            }
        }
        return ensemble;
    }

    private double crossEntropy(Distribution of) {
        double sum = 0;
        for (int i = 0; i < labels.length; i++) {
            sum -= labels[i] * of.logarithms[i];
        }
        return sum / rows;
    }

    private void addBranch(int k, Distribution e, Distribution target, double weight, double temperature) {
        double[] own = branch(k);
        Distribution p = Distribution.ofLogits(own, classes, 1);
        Distribution tempered = Distribution.ofLogits(own, classes, temperature);
        crossEntropies[k] = crossEntropy(p);
        double divergence = 0;
        for (int i = 0; i < own.length; i++) {
            int row = i / classes;
            double gate = values[gate(row, k)];
            double taught = e.probabilities[i] - labels[i];
            divergence += target.probabilities[i] * (target.logarithms[i] - tempered.logarithms[i]);
            gradient[logit(row, k) + i % classes] = (p.probabilities[i] - labels[i] + gate * taught) / rows
                    + weight * temperature * (tempered.probabilities[i] - target.probabilities[i]) / rows;
            gradient[gate(row, k)] += own[i] * taught / rows;
        }
        divergences[k] = temperature * temperature * divergence / rows;
    }

    private double[] branch(int k) {
        double[] own = new double[rows * classes];
        for (int row = 0; row < rows; row++) {
            System.arraycopy(values, logit(row, k), own, row * classes, classes);
        }
        return own;
    }

    private int logit(int row, int k) {
        return row * branches * (classes + 1) + k * classes;
    }

    private int gate(int row, int k) {
        return row * branches * (classes + 1) + branches * classes + k;
    }
}
