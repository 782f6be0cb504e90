package dev.cohort.distill.maps;

/**
 * Neuron selectivity transfer (NST): the channels of the student are activated together as those of the teacher are. With
 * {@code u[b, c] = F[b, c] / ||F[b, c]||} over the H W positions (student), v alike (teacher), two different losses bear this
 * name:
 *
 * <pre>
 * gram: mean over B, C, C of (u u^T - v v^T)^2                             needs equal numbers of channels
 * mmd:  mean over B of mean (v_c.v_c')^2 + mean (u_c.u_c')^2 - 2 mean (u_c.v_c')^2, means over pairs of channels
 * du = 4 (u u^T - v v^T) u / (B C^2)                                       gram
 * du = (4 / B) ((u u^T) u / C_s^2 - (u v^T) v / (C_s C_t))                 mmd
 * dL/dF = (du - u &lt;u, du&gt;) / ||F||  per channel
 * </pre>
 *
 * Source: Huang and Wang, "Like What You Like: Knowledge Distill via Neuron Selectivity Transfer" (arXiv 1707.01219); gram as
 * wyzelabs-inc/AdaptiveDistillation, mmd as HobbitLong/RepDistiller code it. A channel of zeros has gradient 0.
 */
public final class NeuronSelectivity {
    private NeuronSelectivity() {}

    /** The gram matrices {@code u u^T}, [B, C, C, 1]. */
    public static FeatureMap gram(FeatureMap map) {
        double[] unit = Norm.normalised(map.values, map.positions());
        int channels = map.channels();
        double[] gram = new double[map.rows() * channels * channels];
        for (int row = 0; row < map.rows(); row++) {
            double[] own = similarities(unit, map, unit, map, row);
            System.arraycopy(own, 0, gram, row * own.length, own.length);
        }
        return FeatureMap.wrap(map.rows(), channels, channels, 1, gram);
    }

    /**
     * The loss between gram matrices; of two sizes, the larger map is first average-pooled to the smaller one.
     *
     * @param student [B, C, H, W]
     * @param teacher [B, C, H', W']
     */
    public static MapLoss gramLoss(FeatureMap student, FeatureMap teacher) {
        student.requireSameChannels(teacher);
        return AveragePooling.onCommonSize(student, teacher, NeuronSelectivity::gramOfOneSize);
    }

    /**
     * The squared maximum mean discrepancy of the channels under the kernel {@code k(u, v) = <u, v>^2}; of two sizes, the larger
     * map is first average-pooled to the smaller one.
     *
     * @param student [B, C_s, H, W]
     * @param teacher [B, C_t, H', W']
     */
    public static MapLoss mmdLoss(FeatureMap student, FeatureMap teacher) {
        return AveragePooling.onCommonSize(student, teacher, NeuronSelectivity::mmdOfOneSize);
    }

    private static MapLoss gramOfOneSize(FeatureMap student, FeatureMap teacher) {
        double[] u = Norm.normalised(student.values, student.positions());
        double[] v = Norm.normalised(teacher.values, teacher.positions());
        double[] slope = new double[u.length];
        int cells = student.channels() * student.channels();
        double count = (double) student.rows() * cells;
        double squares = 0;
        for (int row = 0; row < student.rows(); row++) {
            double[] difference = similarities(u, student, u, student, row);
            double[] taught = similarities(v, teacher, v, teacher, row);
            for (int i = 0; i < cells; i++) {
                difference[i] -= taught[i];
                squares += difference[i] * difference[i];
            }
            addTimes(difference, u, student, row, slope, student.channels(), 4 / count);
        }
        return new MapLoss(squares / count, student.like(Norm.gradient(student.values, u, slope, student.positions())));
    }

    private static MapLoss mmdOfOneSize(FeatureMap student, FeatureMap teacher) {
        double[] u = Norm.normalised(student.values, student.positions());
        double[] v = Norm.normalised(teacher.values, teacher.positions());
        double[] slope = new double[u.length];
        double own = student.channels();
        double other = teacher.channels();
        double loss = 0;
        for (int row = 0; row < student.rows(); row++) {
            double[] within = similarities(u, student, u, student, row);
            double[] taught = similarities(v, teacher, v, teacher, row);
            double[] across = similarities(u, student, v, teacher, row);
            loss += squares(taught) / (other * other)
                    + squares(within) / (own * own)
                    - 2 * squares(across) / (own * other);
            addTimes(within, u, student, row, slope, student.channels(), 4 / (student.rows() * own * own));
            addTimes(across, v, teacher, row, slope, student.channels(), -4 / (student.rows() * own * other));
        }
        return new MapLoss(
                loss / student.rows(), student.like(Norm.gradient(student.values, u, slope, student.positions())));
    }

    /** {@code a b^T} of one row, inner products of channels over positions. */
    private static double[] similarities(double[] a, FeatureMap ofA, double[] b, FeatureMap ofB, int row) {
        int positions = ofA.positions();
        return MatrixProduct.withTransposed(
                a,
                row * ofA.channels() * positions,
                b,
                row * ofB.channels() * positions,
                ofA.channels(),
                positions,
                ofB.channels());
    }

    /** Adds {@code factor matrix [channels, of b] b} of one row to the slope. */
    private static void addTimes(
            double[] matrix, double[] b, FeatureMap ofB, int row, double[] slope, int channels, double factor) {
        int positions = ofB.positions();
        MatrixProduct.add(
                matrix,
                0,
                b,
                row * ofB.channels() * positions,
                slope,
                row * channels * positions,
                channels,
                ofB.channels(),
                positions,
                factor);
    }

    private static double squares(double[] values) {
        double squares = 0;
        for (double value : values) {
            squares += value * value;
        }
        return squares;
    }
}
