package dev.cohort.coordinator.method;

import dev.cohort.distill.maps.AttentionTransfer;

/**
 * Attention transfer: every peer attends to the positions to which others attend. The loss is that of {@link MapTeacher}, without
 * adapters, with the distance of {@link AttentionTransfer}:
 *
 * <pre>
 * d(F_i, F_j) = mean over B, H W of (A(F_i) - A(F_j))^2,  A(F)[b] = a[b] / (|a[b]| + 1e-6),  a[b, p] = sum over c of F[b, c, p]^2
 * </pre>
 *
 * Of two sizes, the larger map is average-pooled to the smaller one; the numbers of channels may differ. Source: Zagoruyko and
 * Komodakis, "Paying More Attention to Attention", ICLR 2017 (arXiv 1612.03928), in the form of
 * wyzelabs-inc/AdaptiveDistillation; the weight 1000 is that of its hand-tuned baseline, and of HobbitLong/RepDistiller.
 */
final class MutualAttention {
    static final Method METHOD = new Method(
            "attention_transfer",
            "every peer attends to the positions in an image to which the others attend",
            MapTeacher.FORMULA + "mean (A(F_i) - A(F_j))^2, A = a/(|a| + 1e-6), a = sum over channels of F^2",
            "Zagoruyko and Komodakis, Paying More Attention to Attention, ICLR 2017, arXiv 1612.03928; several teachers"
                    + " are ours",
            MapTeacher.parameters(
                    "1000.0", "default as in the hand-tuned baseline of wyzelabs-inc/AdaptiveDistillation"),
            (arguments, setting) ->
                    new MapTeacher(arguments, setting, AttentionTransfer::loss, TrainedAdapter.Form.NONE));

    private MutualAttention() {}
}
