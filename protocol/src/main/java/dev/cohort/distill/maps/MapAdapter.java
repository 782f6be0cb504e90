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
    public static final double EPSILON = BatchNorm.EPSILON;

    private final PointwiseConvolution convolution;
    private final BatchNorm norm;

    /** @param parameters the weight [D, C, 1, 1] or [D, C], gamma [D] and beta [D] */
    public MapAdapter(NamedTensors parameters) {
        convolution = new PointwiseConvolution("adapter's weight", parameters.get(WEIGHT));
        norm = new BatchNorm(
                convolution.perChannel("adapter's gamma", parameters.get(GAMMA)),
                convolution.perChannel("adapter's beta", parameters.get(BETA)));
    }

    @Override
    public Pass forward(FeatureMap input) {
        return new NormPass(convolution, input, norm.forward(convolution.forward(input)));
    }

    private record NormPass(PointwiseConvolution convolution, FeatureMap input, BatchNorm.Pass norm) implements Pass {
        @Override
        public FeatureMap output() {
            return norm.output;
        }

        @Override
        public Gradients backward(FeatureMap gradient) {
            norm.output.requireSameShape(gradient);
            BatchNorm.Gradients atNorm = norm.backward(gradient);
            return new Gradients(
                    convolution.inputGradient(atNorm.input),
                    NamedTensors.of(WEIGHT, convolution.weightGradient(input, atNorm.input))
                            .with(GAMMA, Tensor.of(DType.FLOAT64, atNorm.gamma, atNorm.gamma.length))
                            .with(BETA, Tensor.of(DType.FLOAT64, atNorm.beta, atNorm.beta.length)));
        }
    }
}
