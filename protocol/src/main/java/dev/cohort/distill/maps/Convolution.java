package dev.cohort.distill.maps;

import dev.cohort.tensor.DType;
import dev.cohort.tensor.Tensor;
import java.util.Arrays;

/**
 * A convolution, with zeros around the map: {@code y[b, d, i, j] = bias[d] + sum_cuv W[d, c, u, v] x[b, c, i s + u - p, j s + v -
 * p]}, a cross-correlation with stride s and padding p. The output has {@code floor((H + 2 p - k) / s) + 1} rows.
 */
final class Convolution implements Filter {
    private final String name;
    private final int[] shape;
    private final int stride;
    private final int padding;
    /** [D, C k k]. */
    private final double[][] weights;
    /** [C k k, D]. */
    private final double[][] transposed;
    /** [D]; zeros for a layer without bias. */
    private final double[] bias;

    private Convolution(String name, int[] shape, double[][] weights, double[] bias, int stride, int padding) {
        this.name = name;
        this.shape = shape;
        this.weights = weights;
        this.bias = bias;
        this.stride = stride;
        this.padding = padding;
        transposed = MatrixProduct.transposed(weights, weights[0].length);
    }

    /**
     * A convolution without bias.
     *
     * @param name of the weight, for errors
     * @param weight [D, C, k, k]
     */
    static Convolution of(String name, Tensor weight, int stride, int padding) {
        int[] shape = weight.shape().toArray();
        if (shape.length != 4 || shape[2] != shape[3] || weight.size() == 0) {
            throw new IllegalArgumentException(
                    name + " of shape " + weight.shape() + ": must be [D, C, k, k], none of them 0");
        }
        if (stride < 1 || padding < 0) {
            throw new IllegalArgumentException(
                    "stride " + stride + " and padding " + padding + " of the " + name + ": must be at least 1 and 0");
        }
        double[][] rows = MatrixProduct.rows(weight.toDoubles(), 0, shape[0], weight.size() / shape[0]);
        return new Convolution(name, shape, rows, new double[shape[0]], stride, padding);
    }

    /** The same with a bias. */
    Convolution withBias(String biasName, Tensor values) {
        return new Convolution(name, shape, weights, perChannel(biasName, values), stride, padding);
    }

    /** The values of a parameter [D] that belongs to the channels of the output. */
    double[] perChannel(String parameterName, Tensor parameter) {
        if (parameter.shape().size() != 1 || parameter.dimension(0) != out()) {
            throw new IllegalArgumentException(parameterName + " of shape " + parameter.shape() + ": must be [" + out()
                    + "], one for each row of the " + name);
        }
        return parameter.toDoubles();
    }

    /** C. */
    int in() {
        return shape[1];
    }

    /** D. */
    int out() {
        return shape[0];
    }

    /** k. */
    int size() {
        return shape[2];
    }

    @Override
    public FeatureMap forward(FeatureMap input) {
        requireChannels(input, in());
        Windows windows = windows(input);
        FeatureMap output = FeatureMap.blank(input.rows(), out(), windows.height, windows.width);
        Windows planes = Windows.ofPixels(output);
        int most = windows.mapsAtOnce(input.rows());
        double[][] columns = new double[transposed.length][most * output.positions()];
        double[][] product = new double[out()][most * output.positions()];
        for (int first = 0; first < input.rows(); first += most) {
            int maps = Math.min(most, input.rows() - first);
            windows.gather(input, first, maps, columns);
            for (int d = 0; d < product.length; d++) {
                Arrays.fill(product[d], bias[d]);
            }
            MatrixProduct.add(weights, columns, product, columns.length, maps * output.positions());
            planes.scatter(product, output, first, maps);
        }
        return output;
    }

    @Override
    public FeatureMap inputGradient(FeatureMap input, FeatureMap gradient) {
        return inputGradient(gradient, input.height(), input.width());
    }

    /** The gradient at an input [B, C, height, width], which needs to know nothing else of it. */
    FeatureMap inputGradient(FeatureMap gradient, int height, int width) {
        FeatureMap before = FeatureMap.blank(gradient.rows(), in(), height, width);
        Windows windows = windows(before);
        requireWindows(gradient, windows);
        Windows planes = Windows.ofPixels(gradient);
        int most = windows.mapsAtOnce(gradient.rows());
        double[][] columns = new double[transposed.length][most * gradient.positions()];
        double[][] behind = new double[out()][most * gradient.positions()];
        for (int first = 0; first < gradient.rows(); first += most) {
            int maps = Math.min(most, gradient.rows() - first);
            planes.gather(gradient, first, maps, behind);
            for (double[] column : columns) {
                Arrays.fill(column, 0);
            }
            MatrixProduct.add(transposed, behind, columns, out(), maps * gradient.positions());
            windows.scatter(columns, before, first, maps);
        }
        return before;
    }

    @Override
    public Tensor weightGradient(FeatureMap input, FeatureMap gradient) {
        requireChannels(input, in());
        if (input.rows() != gradient.rows()) {
            throw new IllegalArgumentException("gradient " + gradient + " behind the " + name + ": must have "
                    + input.rows() + " rows, as its input has");
        }
        Windows windows = windows(input);
        requireWindows(gradient, windows);
        Windows planes = Windows.ofPixels(gradient);
        int most = windows.mapsAtOnce(gradient.rows());
        double[][] columns = new double[transposed.length][most * gradient.positions()];
        double[][] patches = new double[most * gradient.positions()][columns.length];
        double[][] behind = new double[out()][most * gradient.positions()];
        double[][] sums = new double[out()][columns.length];
        for (int first = 0; first < gradient.rows(); first += most) {
            int maps = Math.min(most, gradient.rows() - first);
            windows.gather(input, first, maps, columns);
            planes.gather(gradient, first, maps, behind);
            MatrixProduct.transpose(columns, patches, maps * gradient.positions());
            MatrixProduct.add(behind, patches, sums, maps * gradient.positions(), columns.length);
        }
        double[] flat = Arrays.stream(sums).flatMapToDouble(Arrays::stream).toArray();
        return Tensor.of(DType.FLOAT64, flat, shape);
    }

    private Windows windows(FeatureMap map) {
        return new Windows(size(), stride, padding, map.height(), map.width());
    }

    private void requireChannels(FeatureMap map, int channels) {
        if (map.channels() != channels) {
            throw new IllegalArgumentException(
                    "feature map " + map + ": must have " + channels + " channels, as the " + name + " says");
        }
    }

    private void requireWindows(FeatureMap gradient, Windows windows) {
        requireChannels(gradient, out());
        if (gradient.height() != windows.height || gradient.width() != windows.width) {
            throw new IllegalArgumentException("gradient " + gradient + " behind the " + name + ": must have height "
                    + windows.height + " and width " + windows.width);
        }
    }
}
