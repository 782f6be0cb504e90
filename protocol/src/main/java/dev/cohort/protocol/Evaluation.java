package dev.cohort.protocol;

import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;

/**
 * The result of a peer, or of the coordinator's teacher, on the test images after an epoch.
 *
 * @param step trained when this was computed
 * @param epoch 0-based epoch that ended
 * @param last whether no further evaluation of this source follows
 * @param source peer id, or {@link #TEACHER}
 * @param accuracy share of test images whose largest logit is right, 0..1; 0 if the source has diverged
 * @param crossEntropy mean over the test images; NaN if the source has diverged, then without tensors
 * @param tensors test-set {@link TensorName#LOGITS} [N, C]; features too, if the teacher needs them to be evaluated; and {@link
 *     TensorName#OWN_TEACHER}, if the peer has its own teacher
 */
public record Evaluation(
        long step, int epoch, boolean last, String source, double accuracy, double crossEntropy, NamedTensors tensors)
        implements Message {
    /** Source of the teacher's own evaluation; not a valid peer id. */
    public static final String TEACHER = "*teacher";

    public Evaluation {
        Sayable.atLeast(0, step, "step");
        Sayable.atLeast(0, epoch, "epoch");
        Sayable.name(source, "source");
        Sayable.share(accuracy, "accuracy");
        if (!Double.isNaN(crossEntropy) || !tensors.asMap().isEmpty()) {
            Sayable.finite(crossEntropy, "cross-entropy");
        }
        Sayable.tensors(tensors);
    }

    /**
     * An evaluation with these figures, or one that reports divergence if any figure is not finite: a peer that has diverged must
     * be able to finish as well.
     */
    public static Evaluation of(
            long step,
            int epoch,
            boolean last,
            String source,
            double accuracy,
            double crossEntropy,
            NamedTensors tensors) {
        boolean finite = Double.isFinite(crossEntropy)
                && tensors.asMap().values().stream().allMatch(Tensor::isFinite);
        return finite
                ? new Evaluation(step, epoch, last, source, accuracy, crossEntropy, tensors)
                : new Evaluation(step, epoch, last, source, 0, Double.NaN, NamedTensors.none());
    }

    /** Whether the source's logits or loss were not finite. */
    public boolean diverged() {
        return Double.isNaN(crossEntropy);
    }
}
