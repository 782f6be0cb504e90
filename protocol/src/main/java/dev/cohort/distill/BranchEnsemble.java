package dev.cohort.distill;

import dev.cohort.protocol.TensorName;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Tensor;

/** The gated ensemble of a student's branches. */
public final class BranchEnsemble {
    private BranchEnsemble() {}

    /**
     * The ensemble's logits {@code z_e = sum_k g_k z_k} [N, C] in FLOAT64.
     *
     * @param packed [N, m (C + 1)], laid out as {@link TensorName#BRANCHES}
     */
    public static Tensor logits(Tensor packed, int classes) {
        int branches = packed.dimension(1) / (classes + 1);
        return Tensor.of(
                DType.FLOAT64,
                BranchLoss.ensemble(packed.toDoubles(), branches, classes),
                packed.dimension(0),
                classes);
    }
}
