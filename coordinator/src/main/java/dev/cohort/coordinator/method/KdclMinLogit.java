package dev.cohort.coordinator.method;

import dev.cohort.distill.Softmax;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.Ints;
import java.util.Arrays;
import java.util.List;

/**
 * {@link Kdcl}, rule "minimum logit": for each class the smallest margin to the true class over all peers.
 *
 * <pre>
 * z_t,c = min over peers k of (z_k,c - z_k,true)      the true class has 0, and the largest margin over every other
 * </pre>
 *
 * Where images are mixed there are several true classes: each source of the mix makes its own z_t, and the target is the mean of
 * their softmax_T by the label weights. That follows the loss, which is linear in the labels: its gradient is the weighted sum of
 * the gradients for the sources. Such a target goes out as probabilities.
 */
final class KdclMinLogit {
    static final Method METHOD = new Method(
            "kdcl_minlogit",
            "every peer imitates, class by class, the one that is surest it is wrong",
            "L_i = CE(z_i, y) + w(epoch) T^2 KL(softmax_T(z_t) || softmax_T(z_i)), z_t,c = min_k (z_k,c - z_k,true)",
            Kdcl.PAPER,
            Distillation.parameters(Kdcl.TEMPERATURE),
            KdclMinLogit::teacher);

    private KdclMinLogit() {}

    private static Kdcl teacher(Arguments arguments, TeacherSetting setting) {
        return new Kdcl(KdclMinLogit::target, arguments, setting);
    }

    private static Kdcl.Target target(List<double[]> logits, SoftLabels labels, double temperature) {
        int classes = labels.classes();
        if (labels.classIds().size() == 1) {
            return new Kdcl.Target(largestMargin(logits, labels.classIds().get(0), classes), Term.Space.LOGITS);
        }
        double[] mean = new double[labels.rows() * classes];
        for (int source = 0; source < labels.classIds().size(); source++) {
            double[] probabilities = Softmax.probabilities(
                    largestMargin(logits, labels.classIds().get(source), classes), classes, temperature);
            for (int i = 0; i < mean.length; i++) {
                mean[i] += labels.weights().get(source) * probabilities[i];
            }
        }
        return new Kdcl.Target(mean, Term.Space.PROBABILITIES);
    }

    /** z_t [B, C] where {@code truth} names the true class of every row. */
    private static double[] largestMargin(List<double[]> logits, Ints truth, int classes) {
        double[] least = new double[truth.size() * classes];
        Arrays.fill(least, Double.POSITIVE_INFINITY);
        for (double[] own : logits) {
            for (int i = 0; i < least.length; i++) {
                int row = i / classes;
                least[i] = Math.min(least[i], own[i] - own[row * classes + truth.get(row)]);
            }
        }
        return least;
    }
}
