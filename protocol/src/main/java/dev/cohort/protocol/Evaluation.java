package dev.cohort.protocol;

import dev.cohort.tensor.NamedTensors;

/**
 * What a peer says about the test images after an epoch, or the coordinator about its teacher.
 *
 * @param step trained when this was computed
 * @param epoch 0-based epoch that ended
 * @param last whether no further evaluation of this source follows
 * @param source peer id, or {@link #TEACHER}
 * @param accuracy share of test images whose largest logit is right, 0..1
 * @param crossEntropy mean over the test images
 * @param tensors test-set {@link TensorName#LOGITS} [N, C] (and features, when the teacher needs them to be evaluated, and {@link
 *     TensorName#OWN_TEACHER}, when the peer has a teacher of its own)
 */
public record Evaluation(
        long step, int epoch, boolean last, String source, double accuracy, double crossEntropy, NamedTensors tensors)
        implements Message {
    /** Source of the teacher's own evaluation; not a valid peer id. */
    public static final String TEACHER = "*teacher";
}
