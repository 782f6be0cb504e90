package dev.cohort.distill.maps;

import dev.cohort.tensor.DType;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;

/**
 * A 1x1 convolution with bias: {@code y[b, d, p] = sum_c W[d, c] x[b, c, p] + bias[d]}. It has the parameters {@link #WEIGHT}
 * and {@link #BIAS}. Source: Walawalkar, Shen, Savvides, "Online Ensemble Model Compression using Knowledge Distillation", ECCV
 * 2020 (arXiv 2011.07449), official code.
 */
public final class HintAdapter implements Adapter {
    /** Name of the bias [D]. */
    public static final String BIAS = "bias";

    private final PointwiseConvolution convolution;
    private final double[] bias;

    /** @param parameters the weight [D, C, 1, 1] or [D, C] and the bias [D] */
    public HintAdapter(NamedTensors parameters) {
        convolution = new PointwiseConvolution("adapter's weight", parameters.get(WEIGHT));
        bias = convolution.perChannel("adapter's bias", parameters.get(BIAS));
    }

    @Override
    public Pass forward(FeatureMap input) {
        FeatureMap product = convolution.forward(input);
        double[] values = product.values.clone();
        int positions = input.positions();
        for (int plane = 0; plane < input.rows() * bias.length; plane++) {
            double shift = bias[plane % bias.length];
            for (int i = plane * positions; i < (plane + 1) * positions; i++) {
                values[i] += shift;
            }
        }
        return new HintPass(convolution, input, product.like(values));
    }

    private record HintPass(PointwiseConvolution convolution, FeatureMap input, FeatureMap output) implements Pass {
        @Override
        public Gradients backward(FeatureMap gradient) {
            output.requireSameShape(gradient);
            double[] bias = new double[convolution.out];
            int positions = output.positions();
            for (int plane = 0; plane < output.rows() * bias.length; plane++) {
                for (int i = plane * positions; i < (plane + 1) * positions; i++) {
                    bias[plane % bias.length] += gradient.values[i];
                }
            }
            return new Gradients(
                    convolution.inputGradient(gradient),
                    NamedTensors.of(WEIGHT, convolution.weightGradient(input, gradient))
                            .with(BIAS, Tensor.of(DType.FLOAT64, bias, bias.length)));
        }
    }
}
