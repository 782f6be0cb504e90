package dev.cohort.coordinator.method;

import dev.cohort.protocol.SoftLabels;
import dev.cohort.protocol.Term;
import java.util.List;
import java.util.Optional;

/**
 * {@link Kdcl}, rule "linear": the best convex combination of the peers on the batch.
 *
 * <pre>
 * z_t = sum alpha_k z_k,  alpha = argmin of CE(sum alpha_k z_k, y) over alpha_k at least 0, sum alpha_k = 1
 * </pre>
 *
 * The problem is convex; {@link ConvexEnsemble} solves it in each step. The cross-entropy of mixed labels is that with all
 * classes of the mix by their weights.
 */
final class KdclLinear {
    static final Method METHOD = new Method(
            "kdcl_linear",
            "every peer imitates the convex combination of all that is best on the batch",
            "L_i = CE(z_i, y) + w(epoch) T^2 KL(softmax_T(z_t) || softmax_T(z_i)), z_t = sum_k alpha_k z_k,"
                    + " alpha = argmin CE(z_t, y) on the simplex",
            Kdcl.PAPER,
            Distillation.parameters(Kdcl.TEMPERATURE),
            KdclLinear::teacher);

    private KdclLinear() {}

    private static Kdcl teacher(Arguments arguments, TeacherSetting setting) {
        return new Kdcl((logits, labels, temperature) -> target(logits, labels), arguments, setting);
    }

    private static Kdcl.Target target(List<double[]> logits, SoftLabels labels) {
        double[] alpha = new ConvexEnsemble(logits, labels).solve();
        return new Kdcl.Target(PredictionMatrices.combined(logits, alpha), Term.Space.LOGITS, Optional.of(alpha));
    }
}
