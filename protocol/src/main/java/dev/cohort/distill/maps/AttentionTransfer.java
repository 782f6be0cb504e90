package dev.cohort.distill.maps;

/**
 * Attention transfer: the student attends to the positions that the teacher attends to. The numbers of channels need not agree.
 *
 * <pre>
 * a[b, p] = sum_c F[b, c, p]^2         A = a / (||a|| + 1e-6), the norm over the positions p of one row
 * loss = mean over B, H W of (A_s - A_t)^2
 * dL/dF = 2 F (g / (n + e) - a &lt;g, a&gt; / (n (n + e)^2))     g = 2 (A_s - A_t) / (B H W), n = ||a||, e = 1e-6
 * </pre>
 *
 * Source: Zagoruyko and Komodakis, "Paying More Attention to Attention", ICLR 2017 (arXiv 1612.03928), in the form of
 * wyzelabs-inc/AdaptiveDistillation, {@code attention_transfer.py}.
 */
public final class AttentionTransfer {
    /** Added to the norm. */
    public static final double EPSILON = 1e-6;

    private AttentionTransfer() {}

    /** A [B, 1, H, W]. */
    public static FeatureMap attention(FeatureMap map) {
        double[] attention = energies(map);
        int positions = map.positions();
        for (int start = 0; start < attention.length; start += positions) {
            double norm = Norm.of(attention, start, positions);
            for (int i = start; i < start + positions; i++) {
                attention[i] /= norm + EPSILON;
            }
        }
        return FeatureMap.wrap(map.rows(), 1, map.height(), map.width(), attention);
    }

    /**
     * The loss; of two sizes, the larger map is first average-pooled to the smaller one. A row of zeros has gradient 0.
     *
     * @param student [B, C, H, W]
     * @param teacher [B, C', H', W']
     */
    public static MapLoss loss(FeatureMap student, FeatureMap teacher) {
        return AveragePooling.onCommonSize(student, teacher, AttentionTransfer::ofOneSize);
    }

    private static MapLoss ofOneSize(FeatureMap student, FeatureMap teacher) {
        double[] energies = energies(student);
        double[] own = attention(student).values;
        double[] taught = attention(teacher).values;
        int positions = student.positions();
        double[] slope = new double[own.length];
        double squares = 0;
        for (int start = 0; start < own.length; start += positions) {
            double norm = Norm.of(energies, start, positions);
            double inner = 0;
            for (int i = start; i < start + positions; i++) {
                double difference = own[i] - taught[i];
                squares += difference * difference;
                slope[i] = 2 * difference / own.length;
                inner += slope[i] * energies[i];
            }
            double damped = norm + EPSILON;
            for (int i = start; i < start + positions; i++) {
                slope[i] = norm == 0 ? 0 : slope[i] / damped - energies[i] * inner / (norm * damped * damped);
            }
        }
        return new MapLoss(squares / own.length, gradient(student, slope));
    }

    /** a [B, H W]. */
    private static double[] energies(FeatureMap map) {
        int positions = map.positions();
        double[] energies = new double[map.rows() * positions];
        for (int plane = 0; plane < map.rows() * map.channels(); plane++) {
            int from = plane * positions;
            int to = plane / map.channels() * positions;
            for (int p = 0; p < positions; p++) {
                energies[to + p] += map.values[from + p] * map.values[from + p];
            }
        }
        return energies;
    }

    private static FeatureMap gradient(FeatureMap map, double[] slope) {
        int positions = map.positions();
        double[] gradient = new double[map.values.length];
        for (int plane = 0; plane < map.rows() * map.channels(); plane++) {
            int from = plane * positions;
            int row = plane / map.channels() * positions;
            for (int p = 0; p < positions; p++) {
                gradient[from + p] = 2 * map.values[from + p] * slope[row + p];
            }
        }
        return map.like(gradient);
    }
}
