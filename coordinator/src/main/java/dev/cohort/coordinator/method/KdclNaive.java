package dev.cohort.coordinator.method;

import dev.cohort.distill.Softmax;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.protocol.Term;
import java.util.List;
import java.util.Optional;

/**
 * {@link Kdcl}, rule "naive": the target is the peer that is best on the batch.
 *
 * <pre>
 * z_t = z_k,  k = argmin over peers of CE(z_k, y)
 * </pre>
 *
 * Of equals the lowest slot is taken. The cross-entropy of mixed labels is that with all classes of the mix by their weights.
 * Peer k imitates itself, which teaches it nothing.
 */
final class KdclNaive {
    static final Method METHOD = new Method(
            "kdcl_naive",
            "every peer imitates the one that is best on the batch",
            "L_i = CE(z_i, y) + w(epoch) T^2 KL(softmax_T(z_k) || softmax_T(z_i)), k = argmin CE(z_k, y)",
            Kdcl.PAPER,
            Distillation.parameters(Kdcl.TEMPERATURE),
            KdclNaive::teacher);

    private KdclNaive() {}

    private static Kdcl teacher(Arguments arguments, TeacherSetting setting) {
        return new Kdcl((logits, labels, temperature) -> target(logits, labels), arguments, setting);
    }

    private static Kdcl.Target target(List<double[]> logits, SoftLabels labels) {
        int best = best(logits, labels);
        double[] chosen = new double[logits.size()];
        chosen[best] = 1;
        return new Kdcl.Target(logits.get(best), Term.Space.LOGITS, Optional.of(chosen));
    }

    /** Index of the logits with the lowest cross-entropy. */
    static int best(List<double[]> logits, SoftLabels labels) {
        double[] y = labels.dense();
        int best = 0;
        double lowest = Double.POSITIVE_INFINITY;
        for (int k = 0; k < logits.size(); k++) {
            double sum = 0;
            double[] logarithms = Softmax.logProbabilities(logits.get(k), labels.classes(), 1);
            for (int i = 0; i < y.length; i++) {
                sum -= y[i] * logarithms[i];
            }
            if (sum < lowest) {
                lowest = sum;
                best = k;
            }
        }
        return best;
    }
}
