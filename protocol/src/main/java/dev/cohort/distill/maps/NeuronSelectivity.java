package dev.cohort.distill.maps;

import java.util.Arrays;

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
            copy(similarities(channels(unit, map, row)), gram, row * channels * channels);
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
        int channels = student.channels();
        int positions = student.positions();
        double count = (double) student.rows() * channels * channels;
        double squares = 0;
        for (int row = 0; row < student.rows(); row++) {
            double[][] own = channels(u, student, row);
            double[][] difference = similarities(own);
            double[][] taught = similarities(channels(v, teacher, row));
            for (int c = 0; c < channels; c++) {
                squares = difference(difference[c], taught[c], squares);
                scale(difference[c], 0, channels, 4 / count);
            }
            double[][] atRow = new double[channels][positions];
            MatrixProduct.add(difference, own, atRow, channels, positions);
            copy(atRow, slope, row * channels * positions);
        }
        return new MapLoss(squares / count, student.like(Norm.gradient(student.values, u, slope, positions)));
    }

    private static MapLoss mmdOfOneSize(FeatureMap student, FeatureMap teacher) {
        double[] u = Norm.normalised(student.values, student.positions());
        double[] v = Norm.normalised(teacher.values, teacher.positions());
        double[] slope = new double[u.length];
        int own = student.channels();
        int other = teacher.channels();
        int positions = student.positions();
        double ofOwn = (double) own * own;
        double ofBoth = (double) own * other;
        double loss = 0;
        for (int row = 0; row < student.rows(); row++) {
            double[][] ofStudent = channels(u, student, row);
            double[][] ofTeacher = channels(v, teacher, row);
            double[][] both = stacked(ofStudent, ofTeacher);
            double[][] similar = new double[own][both.length];
            MatrixProduct.add(ofStudent, MatrixProduct.transposed(both, positions), similar, positions, both.length);
            loss += squares(similarities(ofTeacher), 0, other) / ((double) other * other)
                    + squares(similar, 0, own) / ofOwn
                    - 2 * squares(similar, own, both.length) / ofBoth;
            for (double[] line : similar) {
                scale(line, 0, own, 4 / (student.rows() * ofOwn));
                scale(line, own, both.length, -4 / (student.rows() * ofBoth));
            }
            double[][] atRow = new double[own][positions];
            MatrixProduct.add(similar, both, atRow, both.length, positions);
            copy(atRow, slope, row * own * positions);
        }
        return new MapLoss(loss / student.rows(), student.like(Norm.gradient(student.values, u, slope, positions)));
    }

    /** Subtracts {@code b} from {@code a}, and adds the squares of the differences to a sum. */
    private static double difference(double[] a, double[] b, double sum) {
        double squares = sum;
        for (int i = 0; i < a.length; i++) {
            double difference = a[i] - b[i];
            squares += difference * difference;
            a[i] = difference;
        }
        return squares;
    }

    /** The channels of one row, each as its values over all positions. */
    private static double[][] channels(double[] values, FeatureMap shape, int row) {
        int length = shape.channels() * shape.positions();
        return MatrixProduct.rows(values, row * length, shape.channels(), shape.positions());
    }

    /** The inner products of the channels with each other. */
    private static double[][] similarities(double[][] channels) {
        int positions = channels[0].length;
        double[][] products = new double[channels.length][channels.length];
        MatrixProduct.add(
                channels, MatrixProduct.transposed(channels, positions), products, positions, channels.length);
        return products;
    }

    private static double[][] stacked(double[][] above, double[][] below) {
        double[][] both = Arrays.copyOf(above, above.length + below.length);
        System.arraycopy(below, 0, both, above.length, below.length);
        return both;
    }

    private static void copy(double[][] rows, double[] into, int at) {
        for (int i = 0; i < rows.length; i++) {
            System.arraycopy(rows[i], 0, into, at + i * rows[i].length, rows[i].length);
        }
    }

    private static void scale(double[] values, int from, int to, double factor) {
        for (int i = from; i < to; i++) {
            values[i] *= factor;
        }
    }

    /** The sum of the squares in the columns {@code from} to before {@code to}. */
    private static double squares(double[][] rows, int from, int to) {
        double squares = 0;
        for (double[] row : rows) {
            for (int i = from; i < to; i++) {
                squares += row[i] * row[i];
            }
        }
        return squares;
    }
}
