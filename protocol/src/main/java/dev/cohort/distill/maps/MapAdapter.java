package dev.cohort.distill.maps;

import dev.cohort.tensor.DType;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;

/**
 * A 1x1 convolution without bias and batch norm in training mode over B, H and W of the batch:
 *
 * <pre>
 * x[b, d, p] = sum_c W[d, c] F[b, c, p]
 * y = gamma (x - mean) / sqrt(variance + 1e-5) + beta      per channel d, biased variance
 * </pre>
 *
 * It has the parameters {@link #WEIGHT}, {@link #GAMMA} and {@link #BETA}. Of a pooled feature [B, C, 1, 1] it is a linear layer
 * without bias and batch norm over B, which is not the pooled output of the adapter of the map. Source:
 * wyzelabs-inc/AdaptiveDistillation (arXiv 2110.09674), official code; the form for pooled features is ours.
 */
public final class MapAdapter implements Adapter {
    /** Name of the scale [D] of the batch norm. */
    public static final String GAMMA = "gamma";
    /** Name of the shift [D] of the batch norm. */
    public static final String BETA = "beta";
    /** Added to the variance. */
    public static final double EPSILON = 1e-5;

    private final PointwiseConvolution convolution;
    private final double[] gamma;
    private final double[] beta;

    /** @param parameters the weight [D, C, 1, 1] or [D, C], gamma [D] and beta [D] */
    public MapAdapter(NamedTensors parameters) {
        convolution = new PointwiseConvolution("adapter's weight", parameters.get(WEIGHT));
        gamma = convolution.perChannel(GAMMA, parameters.get(GAMMA));
        beta = convolution.perChannel(BETA, parameters.get(BETA));
    }

    @Override
    public Pass forward(FeatureMap input) {
        return new NormPass(input);
    }

    private final class NormPass implements Pass {
        private final FeatureMap input;
        private final double[] normalised;
        private final double[] deviations;
        private final FeatureMap output;

        NormPass(FeatureMap input) {
            this.input = input;
            FeatureMap product = convolution.forward(input);
            normalised = product.values.clone();
            deviations = new double[gamma.length];
            double[] values = new double[normalised.length];
            int count = product.rows() * product.positions();
            for (int d = 0; d < gamma.length; d++) {
                double mean = ChannelSums.of(normalised, product, d) / count;
                ChannelSums.shift(normalised, product, d, -mean);
                double variance = ChannelSums.ofProducts(normalised, normalised, product, d) / count;
                deviations[d] = StrictMath.sqrt(variance + EPSILON);
                finish(product, d, values);
            }
            output = product.like(values);
        }

        private void finish(FeatureMap product, int d, double[] values) {
            int positions = product.positions();
            for (int row = 0; row < product.rows(); row++) {
                int start = (row * gamma.length + d) * positions;
                for (int i = start; i < start + positions; i++) {
                    normalised[i] /= deviations[d];
                    values[i] = gamma[d] * normalised[i] + beta[d];
                }
            }
        }

        @Override
        public FeatureMap output() {
            return output;
        }

        /** {@code dx = gamma / deviation (g - mean(g) - xhat mean(g xhat))}, means over B, H and W. */
        @Override
        public Gradients backward(FeatureMap gradient) {
            output.requireSameShape(gradient);
            double[] scale = new double[gamma.length];
            double[] shift = new double[gamma.length];
            double[] before = new double[gradient.values.length];
            int count = gradient.rows() * gradient.positions();
            for (int d = 0; d < gamma.length; d++) {
                shift[d] = ChannelSums.of(gradient.values, gradient, d);
                scale[d] = ChannelSums.ofProducts(gradient.values, normalised, gradient, d);
                double factor = gamma[d] / deviations[d];
                for (int row = 0; row < gradient.rows(); row++) {
                    int start = (row * gamma.length + d) * gradient.positions();
                    for (int i = start; i < start + gradient.positions(); i++) {
                        before[i] = factor * (gradient.values[i] - shift[d] / count - normalised[i] * scale[d] / count);
                    }
                }
            }
            FeatureMap atProduct = gradient.like(before);
            return new Gradients(
                    convolution.inputGradient(atProduct),
                    NamedTensors.of(WEIGHT, convolution.weightGradient(input, atProduct))
                            .with(GAMMA, Tensor.of(DType.FLOAT64, scale, scale.length))
                            .with(BETA, Tensor.of(DType.FLOAT64, shift, shift.length)));
        }
    }
}
