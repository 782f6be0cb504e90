package dev.cohort.distill.dense;

import dev.cohort.distill.LogitLoss;
import dev.cohort.distill.maps.FeatureMap;
import dev.cohort.tensor.Tensor;
import java.util.List;

/**
 * The loss of a peer that learns to segment from labels and from other peers, over the pixels V that count:
 *
 * <pre>
 * crossEntropy = mean over V of -ln softmax(z)[label]
 * divergence   = mean over others j, over V of T^2 KL(softmax_T(z_j) || softmax_T(z))     the others are constant
 * loss         = crossEntropy + w divergence
 * dL/dz        = ((p - y) + w T (softmax_T(z) - mean over j of softmax_T(z_j))) / |V| at a pixel of V, elsewhere 0
 * </pre>
 *
 * There is one denominator for the whole batch. Without a pixel that counts everything is 0, and so is the divergence without
 * others. That ignored pixels take no part in the divergence either is our choice.
 *
 * @param loss weighted sum
 * @param crossEntropy without weight
 * @param divergence without w
 * @param gradient dL/dz [B, C, H, W]
 */
public record SegmentationLoss(double loss, double crossEntropy, double divergence, FeatureMap gradient) {
    /**
     * The loss of one batch.
     *
     * @param own logits z [B, C, H, W], at the size of the labels
     * @param others logits of the other peers, of the same shape
     * @param weight w
     * @param temperature T, above 0
     */
    public static SegmentationLoss of(
            PixelLabels labels, FeatureMap own, List<FeatureMap> others, double weight, double temperature) {
        Tensor logits = labels.rows(own);
        LogitLoss crossEntropy = LogitLoss.crossEntropy(labels.targets(), logits);
        LogitLoss divergence = LogitLoss.none(logits);
        for (FeatureMap other : others) {
            LogitLoss one = LogitLoss.divergenceFromLogits(labels.rows(other), logits, temperature);
            divergence = divergence.plus(one, 1.0 / others.size());
        }
        LogitLoss sum = crossEntropy.plus(divergence, weight);
        return new SegmentationLoss(sum.loss(), crossEntropy.loss(), divergence.loss(), labels.map(sum.gradient()));
    }
}
