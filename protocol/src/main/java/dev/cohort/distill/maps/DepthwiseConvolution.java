package dev.cohort.distill.maps;

import dev.cohort.tensor.DType;
import dev.cohort.tensor.Tensor;
import java.util.Arrays;

/**
 * A 3x3 convolution of each channel for itself, without bias, with zeros around the map: {@code y[b, c, i, j] = sum_uv W[c, u, v]
 * x[b, c, i s + u - 1, j s + v - 1]}, a cross-correlation with stride s. The output has {@code ceil(H / s)} rows.
 */
final class DepthwiseConvolution {
    private static final int SIZE = 3;

    private final Tensor weight;
    /** [C, 9]. */
    private final double[][] kernels;

    private final int stride;

    /** @param weight [C, 1, 3, 3] */
    DepthwiseConvolution(Tensor weight, int stride) {
        boolean fits = weight.shape().size() == 4
                && weight.dimension(0) > 0
                && weight.dimension(1) == 1
                && weight.dimension(2) == SIZE
                && weight.dimension(3) == SIZE;
        if (!fits) {
            throw new IllegalArgumentException(
                    "depthwise weight of shape " + weight.shape() + ": must be [C, 1, 3, 3], C at least 1");
        }
        if (stride < 1) {
            throw new IllegalArgumentException("stride " + stride + ": must be at least 1");
        }
        this.weight = weight;
        this.stride = stride;
        kernels = MatrixProduct.rows(weight.toDoubles(), 0, weight.dimension(0), SIZE * SIZE);
    }

    FeatureMap forward(FeatureMap input) {
        if (input.channels() != kernels.length) {
            throw new IllegalArgumentException("feature map " + input + ": must have " + kernels.length
                    + " channels, as the depthwise weight says");
        }
        Windows windows = windows(input);
        FeatureMap output = FeatureMap.blank(input.rows(), kernels.length, windows.height, windows.width);
        Windows planes = Windows.ofPixels(output);
        int most = windows.mapsAtOnce(input.rows());
        double[][] columns = new double[kernels.length * SIZE * SIZE][most * windows.count()];
        for (int first = 0; first < input.rows(); first += most) {
            int maps = Math.min(most, input.rows() - first);
            windows.gather(input, first, maps, columns);
            double[][] product = new double[kernels.length][maps * windows.count()];
            for (int c = 0; c < kernels.length; c++) {
                MatrixProduct.add(
                        new double[][] {kernels[c]},
                        ofChannel(columns, c),
                        new double[][] {product[c]},
                        SIZE * SIZE,
                        maps * windows.count());
            }
            planes.scatter(product, output, first, maps);
        }
        return output;
    }

    FeatureMap inputGradient(FeatureMap input, FeatureMap gradient) {
        Windows windows = windows(input);
        FeatureMap before = FeatureMap.blank(input.rows(), kernels.length, input.height(), input.width());
        Windows planes = Windows.ofPixels(gradient);
        int most = windows.mapsAtOnce(input.rows());
        double[][] columns = new double[kernels.length * SIZE * SIZE][most * windows.count()];
        double[][] behind = new double[kernels.length][most * windows.count()];
        for (int first = 0; first < input.rows(); first += most) {
            int maps = Math.min(most, input.rows() - first);
            planes.gather(gradient, first, maps, behind);
            for (int row = 0; row < columns.length; row++) {
                double weight = kernels[row / (SIZE * SIZE)][row % (SIZE * SIZE)];
                scaled(weight, behind[row / (SIZE * SIZE)], columns[row], maps * windows.count());
            }
            windows.scatter(columns, before, first, maps);
        }
        return before;
    }

    Tensor weightGradient(FeatureMap input, FeatureMap gradient) {
        Windows windows = windows(input);
        Windows planes = Windows.ofPixels(gradient);
        int most = windows.mapsAtOnce(input.rows());
        double[][] columns = new double[kernels.length * SIZE * SIZE][most * windows.count()];
        double[][] behind = new double[kernels.length][most * windows.count()];
        double[] sums = new double[columns.length];
        for (int first = 0; first < input.rows(); first += most) {
            int maps = Math.min(most, input.rows() - first);
            windows.gather(input, first, maps, columns);
            planes.gather(gradient, first, maps, behind);
            for (int row = 0; row < columns.length; row++) {
                sums[row] = inner(sums[row], columns[row], behind[row / (SIZE * SIZE)], maps * windows.count());
            }
        }
        return Tensor.of(DType.FLOAT64, sums, weight.shape().toArray());
    }

    private Windows windows(FeatureMap map) {
        return new Windows(SIZE, stride, 1, map.height(), map.width());
    }

    private static double[][] ofChannel(double[][] columns, int channel) {
        return Arrays.copyOfRange(columns, channel * SIZE * SIZE, (channel + 1) * SIZE * SIZE);
    }

    private static void scaled(double factor, double[] values, double[] into, int length) {
        for (int i = 0; i < length; i++) {
            into[i] = factor * values[i];
        }
    }

    private static double inner(double start, double[] a, double[] b, int length) {
        double sum = start;
        for (int i = 0; i < length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }
}
