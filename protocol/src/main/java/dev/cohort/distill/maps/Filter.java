package dev.cohort.distill.maps;

import dev.cohort.tensor.Tensor;

/** A layer that is linear in its input, but for a bias. */
sealed interface Filter permits Convolution, TransposedConvolution {
    FeatureMap forward(FeatureMap input);

    /** The gradient at the input. */
    FeatureMap inputGradient(FeatureMap input, FeatureMap gradient);

    /** The gradient at the weight, in its shape. */
    Tensor weightGradient(FeatureMap input, FeatureMap gradient);

    /** The gradient at a bias, one number for each channel of the output; that of a layer that has one. */
    static double[] biasGradient(FeatureMap gradient) {
        double[] sums = new double[gradient.channels()];
        for (int c = 0; c < sums.length; c++) {
            sums[c] = ChannelSums.of(gradient.values, gradient, c);
        }
        return sums;
    }
}
