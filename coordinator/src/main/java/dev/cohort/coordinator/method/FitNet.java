package dev.cohort.coordinator.method;

import dev.cohort.distill.maps.SquaredError;

/**
 * Hints: every peer predicts the feature maps of others from its own, through a 1x1 convolution with bias ({@link
 * dev.cohort.distill.maps.HintAdapter}) of its own for each teacher and map. The loss is that of {@link MapTeacher} with
 *
 * <pre>
 * d(F_i, F_j) = mean over B, C, H, W of (A_ij(F_i) - F_j)^2,  A_ij(F)[b, d, p] = sum over c of W_ij[d, c] F[b, c, p] + b_ij[d]
 * </pre>
 *
 * Of two sizes, the larger map is average-pooled to the smaller one. Source: Romero et al., "FitNets: Hints for Thin Deep Nets",
 * ICLR 2015 (arXiv 1412.6550); distance and pooling are those of HobbitLong/RepDistiller ({@code FitNet.py}). Ours: the weight 1, since
 * with RepDistiller's 100 for a trained teacher, students that begin together diverge within a few steps at a rate of 0.1; the
 * convolution alone, where that code has batch norm and ReLU behind it; that there is one even
 * between equal numbers of channels; and hints all along, where FitNets train on hints first and on the labels afterwards.
 */
final class FitNet {
    static final Method METHOD = new Method(
            "fitnet",
            "every peer predicts the feature maps of the others from its own",
            MapTeacher.FORMULA + "mean (A_ij(F_i) - F_j)^2, A_ij a trained 1x1 convolution with bias",
            "Romero et al., FitNets: Hints for Thin Deep Nets, ICLR 2015, arXiv 1412.6550; several teachers, and the"
                    + " convolution without batch norm, are ours",
            MapTeacher.parameters("1.0", "HobbitLong/RepDistiller has 100, for a trained teacher"),
            (arguments, setting) -> new MapTeacher(arguments, setting, SquaredError::ofMaps, TrainedAdapter.Form.HINT));

    private FitNet() {}
}
