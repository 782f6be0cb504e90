package dev.cohort.distill.maps;

/**
 * Mean squared error: {@code loss = mean over B, C, H, W of (F_s - F_t)^2}, {@code dL/dF = 2 (F_s - F_t) / (B C H W)}. After a
 * {@link HintAdapter} this is the hint of FitNets: Romero et al., "FitNets: Hints for Thin Deep Nets", ICLR 2015 (arXiv
 * 1412.6550).
 */
public final class SquaredError {
    private SquaredError() {}

    /**
     * The error between maps; of two sizes, the larger map is first average-pooled to the smaller one.
     *
     * @param student [B, C, H, W]
     * @param teacher [B, C, H', W']
     */
    public static MapLoss ofMaps(FeatureMap student, FeatureMap teacher) {
        student.requireSameChannels(teacher);
        return AveragePooling.onCommonSize(student, teacher, SquaredError::ofOneSize);
    }

    /**
     * The error between the means over all positions, {@code f = mean_p F}: {@code dL/dF = 2 (f_s - f_t) / (B C H W)}. Source: the
     * path FeatureMap of wyzelabs-inc/AdaptiveDistillation.
     *
     * @param student [B, C, H, W]
     * @param teacher [B, C, H', W']
     */
    public static MapLoss ofPooled(FeatureMap student, FeatureMap teacher) {
        MapLoss pooled = ofMaps(AveragePooling.pool(student), AveragePooling.pool(teacher));
        return new MapLoss(
                pooled.loss(), AveragePooling.gradient(pooled.gradient(), student.height(), student.width()));
    }

    /**
     * The error between the means over all channels, {@code a = mean_c F}: {@code dL/dF = 2 (a_s - a_t) / (B C H W)}. The numbers
     * of channels need not agree.
     *
     * @param student [B, C, H, W]
     * @param teacher [B, C', H, W], of two sizes pooled as in {@link #ofMaps}
     */
    public static MapLoss ofChannelMeans(FeatureMap student, FeatureMap teacher) {
        MapLoss loss = ofMaps(channelMeans(student), channelMeans(teacher));
        int positions = student.positions();
        double[] gradient = new double[student.values.length];
        for (int i = 0; i < gradient.length; i++) {
            int row = i / (student.channels() * positions);
            gradient[i] = loss.gradient().values[row * positions + i % positions] / student.channels();
        }
        return new MapLoss(loss.loss(), student.like(gradient));
    }

    private static FeatureMap channelMeans(FeatureMap map) {
        int positions = map.positions();
        double[] means = new double[map.rows() * positions];
        for (int i = 0; i < map.values.length; i++) {
            means[i / (map.channels() * positions) * positions + i % positions] += map.values[i];
        }
        for (int i = 0; i < means.length; i++) {
            means[i] /= map.channels();
        }
        return FeatureMap.wrap(map.rows(), 1, map.height(), map.width(), means);
    }

    private static MapLoss ofOneSize(FeatureMap student, FeatureMap teacher) {
        double[] gradient = new double[student.values.length];
        double squares = 0;
        for (int i = 0; i < gradient.length; i++) {
            double difference = student.values[i] - teacher.values[i];
            squares += difference * difference;
            gradient[i] = 2 * difference / gradient.length;
        }
        return new MapLoss(squares / gradient.length, student.like(gradient));
    }
}
