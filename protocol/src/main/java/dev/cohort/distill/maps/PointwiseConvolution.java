package dev.cohort.distill.maps;

import dev.cohort.tensor.DType;
import dev.cohort.tensor.Tensor;

/** A 1x1 convolution without bias: {@code y[b, d, p] = sum_c W[d, c] x[b, c, p]}; of pooled features a linear layer. */
final class PointwiseConvolution {
    private final Tensor weight;
    private final Convolution convolution;
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
        this.weight = weight;
        out = weight.dimension(0);
        Tensor square = Tensor.of(DType.FLOAT64, weight.toDoubles(), out, weight.dimension(1), 1, 1);
        convolution = Convolution.of(name, square, 1, 0);
    }

    FeatureMap forward(FeatureMap input) {
        return convolution.forward(input);
    }

    FeatureMap inputGradient(FeatureMap gradient) {
        return convolution.inputGradient(gradient, gradient.height(), gradient.width());
    }

    Tensor weightGradient(FeatureMap input, FeatureMap gradient) {
        double[] sums = convolution.weightGradient(input, gradient).toDoubles();
        return Tensor.of(DType.FLOAT64, sums, weight.shape().toArray());
    }

    /** The values of a parameter [D] that belongs to the channels of the output. */
    double[] perChannel(String parameterName, Tensor parameter) {
        return convolution.perChannel(parameterName, parameter);
    }
}
