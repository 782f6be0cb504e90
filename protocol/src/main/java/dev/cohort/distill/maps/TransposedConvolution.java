package dev.cohort.distill.maps;

import dev.cohort.tensor.Tensor;

/**
 * A transposed convolution: {@code y[b, d, i s + u - p, j s + v - p] += W[c, d, u, v] x[b, c, i, j]} over all c, i, j, u, v, plus
 * {@code bias[d]}, with stride s and padding p. The output has {@code (H - 1) s - 2 p + k} rows. It is the gradient at the input of
 * the {@link Convolution} with the same weight, and so the other way around.
 */
final class TransposedConvolution implements Filter {
    private final Convolution convolution;
    private final int stride;
    private final int padding;
    /** [D]; zeros for a layer without bias. */
    private final double[] bias;

    private TransposedConvolution(Convolution convolution, int stride, int padding, double[] bias) {
        this.convolution = convolution;
        this.stride = stride;
        this.padding = padding;
        this.bias = bias;
    }

    /**
     * A transposed convolution without bias.
     *
     * @param name of the weight, for errors
     * @param weight [C, D, k, k], C channels of the input and D of the output
     */
    static TransposedConvolution of(String name, Tensor weight, int stride, int padding) {
        Convolution convolution = Convolution.of(name, weight, stride, padding);
        return new TransposedConvolution(convolution, stride, padding, new double[convolution.in()]);
    }

    /** The same with a bias. */
    TransposedConvolution withBias(String biasName, Tensor values) {
        if (values.shape().size() != 1 || values.dimension(0) != out()) {
            throw new IllegalArgumentException(biasName + " of shape " + values.shape() + ": must be [" + out()
                    + "], one for each channel of the output");
        }
        return new TransposedConvolution(convolution, stride, padding, values.toDoubles());
    }

    /** D. */
    int out() {
        return convolution.in();
    }

    @Override
    public FeatureMap forward(FeatureMap input) {
        FeatureMap output = convolution.inputGradient(input, behind(input.height()), behind(input.width()));
        int positions = output.positions();
        for (int plane = 0; plane < output.rows() * bias.length; plane++) {
            double shift = bias[plane % bias.length];
            for (int i = plane * positions; i < (plane + 1) * positions; i++) {
                output.values[i] += shift;
            }
        }
        return output;
    }

    private int behind(int length) {
        return (length - 1) * stride - 2 * padding + convolution.size();
    }

    @Override
    public FeatureMap inputGradient(FeatureMap input, FeatureMap gradient) {
        return convolution.forward(gradient);
    }

    @Override
    public Tensor weightGradient(FeatureMap input, FeatureMap gradient) {
        return convolution.weightGradient(gradient, input);
    }
}
