package dev.cohort.distill.maps;

/**
 * Batch norm in training mode over B, H and W of the batch: {@code y = gamma (x - mean) / sqrt(variance + 1e-5) + beta} per
 * channel, with the biased variance. Source: Ioffe and Szegedy, "Batch Normalization" (2015).
 */
final class BatchNorm {
    static final double EPSILON = 1e-5;

    private final double[] gamma;
    private final double[] beta;

    BatchNorm(double[] gamma, double[] beta) {
        this.gamma = gamma;
        this.beta = beta;
    }

    /** Gradients at the input and at both parameters. */
    static final class Gradients {
        final FeatureMap input;
        final double[] gamma;
        final double[] beta;

        private Gradients(FeatureMap input, double[] gamma, double[] beta) {
            this.input = input;
            this.gamma = gamma;
            this.beta = beta;
        }
    }

    Pass forward(FeatureMap input) {
        return new Pass(input);
    }

    final class Pass {
        private final double[] normalised;
        private final double[] deviations;
        /** Of the batch, per channel. */
        final double[] mean;
        /** Likewise, biased. */
        final double[] variance;

        final FeatureMap output;

        private Pass(FeatureMap input) {
            normalised = input.values.clone();
            deviations = new double[gamma.length];
            mean = new double[gamma.length];
            variance = new double[gamma.length];
            double[] values = new double[normalised.length];
            int count = input.rows() * input.positions();
            for (int c = 0; c < gamma.length; c++) {
                mean[c] = ChannelSums.of(normalised, input, c) / count;
                ChannelSums.shift(normalised, input, c, -mean[c]);
                variance[c] = ChannelSums.ofProducts(normalised, normalised, input, c) / count;
                deviations[c] = StrictMath.sqrt(variance[c] + EPSILON);
                finish(input, c, values);
            }
            output = input.like(values);
        }

        private void finish(FeatureMap input, int c, double[] values) {
            int positions = input.positions();
            for (int row = 0; row < input.rows(); row++) {
                int start = (row * gamma.length + c) * positions;
                for (int i = start; i < start + positions; i++) {
                    normalised[i] /= deviations[c];
                    values[i] = gamma[c] * normalised[i] + beta[c];
                }
            }
        }

        /** {@code dx = gamma / deviation (g - mean(g) - xhat mean(g xhat))}, means over B, H and W. */
        Gradients backward(FeatureMap gradient) {
            double[] scale = new double[gamma.length];
            double[] shift = new double[gamma.length];
            double[] before = new double[gradient.values.length];
            int count = gradient.rows() * gradient.positions();
            for (int c = 0; c < gamma.length; c++) {
                shift[c] = ChannelSums.of(gradient.values, gradient, c);
                scale[c] = ChannelSums.ofProducts(gradient.values, normalised, gradient, c);
                double factor = gamma[c] / deviations[c];
                for (int row = 0; row < gradient.rows(); row++) {
                    int start = (row * gamma.length + c) * gradient.positions();
                    for (int i = start; i < start + gradient.positions(); i++) {
                        before[i] = factor * (gradient.values[i] - shift[c] / count - normalised[i] * scale[c] / count);
                    }
                }
            }
            return new Gradients(gradient.like(before), scale, shift);
        }
    }
}
