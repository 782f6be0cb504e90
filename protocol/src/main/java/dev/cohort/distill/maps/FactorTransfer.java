package dev.cohort.distill.maps;

/**
 * The distance of factor transfer between the translated map of a student and the code of a teacher, both flattened per row and
 * divided by their norm, {@code FT(x) = x / ||x||}:
 *
 * <pre>
 * loss = mean over B and all elements of |FT(x) - FT(code)|
 * dL/dx = (s - FT(x) &lt;FT(x), s&gt;) / ||x||     s = sign(FT(x) - FT(code)) / (B D)
 * </pre>
 *
 * The map is that of a {@link Translator}, the code that of a {@link Paraphraser}; {@link FeatureEnsemble} is the whole loss, of one
 * teacher or of several. Source: Kim, Park, Kwak, "Paraphrasing Complex Network: Network Compression via Factor Transfer", NeurIPS
 * 2018 (arXiv 1802.04977); Park and Kwak, "FEED: Feature-level Ensemble for Knowledge Distillation" (arXiv 1909.10754).
 */
public final class FactorTransfer {
    private FactorTransfer() {}

    /**
     * The distance; of two sizes, the larger map is first average-pooled to the smaller one.
     *
     * @param translated output of the student's translator, [B, K, H, W]
     * @param code of the teacher's paraphraser, [B, K, H', W']
     */
    public static MapLoss ofMaps(FeatureMap translated, FeatureMap code) {
        translated.requireSameChannels(code);
        return AveragePooling.onCommonSize(translated, code, FactorTransfer::distance);
    }

    /**
     * The distance. A row of zeros has gradient 0.
     *
     * @param translated output of the student's translator, [B, K, H, W]
     * @param code of the teacher's paraphraser, in the same shape
     */
    public static MapLoss distance(FeatureMap translated, FeatureMap code) {
        translated.requireSameShape(code);
        int length = translated.values.length / translated.rows();
        double[] own = Norm.normalised(translated.values, length);
        double[] taught = Norm.normalised(code.values, length);
        double[] slope = new double[own.length];
        double sum = 0;
        for (int i = 0; i < own.length; i++) {
            double difference = own[i] - taught[i];
            sum += Math.abs(difference);
            slope[i] = Math.signum(difference) / own.length;
        }
        return new MapLoss(sum / own.length, translated.like(Norm.gradient(translated.values, own, slope, length)));
    }
}
