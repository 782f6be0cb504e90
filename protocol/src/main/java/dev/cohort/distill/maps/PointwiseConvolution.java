package dev.cohort.distill.maps;

import dev.cohort.tensor.DType;
import dev.cohort.tensor.Tensor;

/** A 1x1 convolution without bias: {@code y[b, d, p] = sum_c W[d, c] x[b, c, p]}. */
final class PointwiseConvolution {
    private final String name;
    private final Tensor weight;
    private final double[] values;
    private final int in;
    final int out;

    /**
     * @param name of the weight, for errors
     * @param weight [D, C, 1, 1] or [D, C]
     */
    PointwiseConvolution(String name, Tensor weight) {
        boolean fits = weight.size() > 0
                && (weight.shape().size() == 2
                        || (weight.shape().size() == 4 && weight.dimension(2) == 1 && weight.dimension(3) == 1));
        if (!fits) {
            throw new IllegalArgumentException(
                    name + " of shape " + weight.shape() + ": must be [D, C, 1, 1] or [D, C], none of them 0");
        }
        this.name = name;
        this.weight = weight;
        values = weight.toDoubles();
        out = weight.dimension(0);
        in = weight.dimension(1);
    }

    FeatureMap forward(FeatureMap input) {
        if (input.channels() != in) {
            throw new IllegalArgumentException(
                    "feature map " + input + ": must have " + in + " channels, as the " + name + " says");
        }
        return product(values, out, input);
    }

    FeatureMap inputGradient(FeatureMap gradient) {
        return product(MatrixProduct.transposed(values, 0, out, in), in, gradient);
    }

    Tensor weightGradient(FeatureMap input, FeatureMap gradient) {
        int positions = input.positions();
        double[] sum = new double[values.length];
        for (int row = 0; row < input.rows(); row++) {
            double[] transposed = MatrixProduct.transposed(input.values, row * in * positions, in, positions);
            MatrixProduct.add(gradient.values, row * out * positions, transposed, 0, sum, 0, out, positions, in, 1);
        }
        return Tensor.of(DType.FLOAT64, sum, weight.shape().toArray());
    }

    private static FeatureMap product(double[] matrix, int out, FeatureMap map) {
        int positions = map.positions();
        double[] product = new double[map.rows() * out * positions];
        for (int row = 0; row < map.rows(); row++) {
            int from = row * map.channels() * positions;
            MatrixProduct.add(
                    matrix, 0, map.values, from, product, row * out * positions, out, map.channels(), positions, 1);
        }
        return FeatureMap.wrap(map.rows(), out, map.height(), map.width(), product);
    }

    /** The values of a parameter [D] that belongs to the channels of the output. */
    double[] perChannel(String parameterName, Tensor parameter) {
        if (parameter.shape().size() != 1 || parameter.dimension(0) != out) {
            throw new IllegalArgumentException(parameterName + " of shape " + parameter.shape() + ": must be [" + out
                    + "], one for each row of the " + name);
        }
        return parameter.toDoubles();
    }
}
