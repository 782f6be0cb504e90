package dev.cohort.distill.maps;

import dev.cohort.tensor.DType;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;

/**
 * A depthwise 3x3 convolution, then a 1x1 convolution, both without bias and with batch norm in training mode and ReLU behind
 * them. In block-wise distillation it stands for one block of a teacher, sees the teacher's input of that block, and learns the
 * teacher's output by {@link SquaredError#ofMaps}; no gradient reaches another block.
 *
 * <p>Source of the block: Howard et al., "MobileNets" (arXiv 1704.04861). Independent blocks: Blakeney et al., "Parallel Blockwise
 * Knowledge Distillation for Deep Neural Network Compression" (arXiv 2012.03096); loss per block and form of the block are ours.
 */
public final class SeparableBlock implements Adapter {
    /** Name of the weight [C, 1, 3, 3] of the depthwise convolution. */
    public static final String DEPTHWISE = "depthwise_weight";
    /** Name of the scale [C] of the first batch norm. */
    public static final String FIRST_GAMMA = "bn1_gamma";
    /** Name of the shift [C] of the first batch norm. */
    public static final String FIRST_BETA = "bn1_beta";
    /** Name of the weight [D, C, 1, 1] of the 1x1 convolution. */
    public static final String POINTWISE = "pointwise_weight";
    /** Name of the scale [D] of the second batch norm. */
    public static final String SECOND_GAMMA = "bn2_gamma";
    /** Name of the shift [D] of the second batch norm. */
    public static final String SECOND_BETA = "bn2_beta";

    private final DepthwiseConvolution depthwise;
    private final BatchNorm first;
    private final PointwiseConvolution pointwise;
    private final BatchNorm second;

    /**
     * @param parameters the six tensors by their names
     * @param stride of the depthwise convolution, at least 1; the output has {@code ceil(H / stride)} rows
     */
    public SeparableBlock(NamedTensors parameters, int stride) {
        depthwise = new DepthwiseConvolution(parameters.get(DEPTHWISE), stride);
        int channels = parameters.get(DEPTHWISE).dimension(0);
        first = new BatchNorm(vector(FIRST_GAMMA, parameters, channels), vector(FIRST_BETA, parameters, channels));
        pointwise = new PointwiseConvolution("pointwise weight", parameters.get(POINTWISE));
        second = new BatchNorm(
                vector(SECOND_GAMMA, parameters, pointwise.out), vector(SECOND_BETA, parameters, pointwise.out));
    }

    private static double[] vector(String name, NamedTensors parameters, int size) {
        Tensor vector = parameters.get(name);
        if (vector.shape().size() != 1 || vector.dimension(0) != size) {
            throw new IllegalArgumentException(name + " of shape " + vector.shape() + ": must be [" + size
                    + "], one for each channel it belongs to");
        }
        return vector.toDoubles();
    }

    @Override
    public Pass forward(FeatureMap input) {
        return pass(input);
    }

    BlockPass pass(FeatureMap input) {
        BatchNorm.Pass atFirst = first.forward(depthwise.forward(input));
        FeatureMap between = relu(atFirst.output);
        BatchNorm.Pass atSecond = second.forward(pointwise.forward(between));
        return new BlockPass(depthwise, pointwise, input, atFirst, between, atSecond, relu(atSecond.output));
    }

    /** A forward pass, with the statistics of both batch norms. */
    record BlockPass(
            DepthwiseConvolution depthwise,
            PointwiseConvolution pointwise,
            FeatureMap input,
            BatchNorm.Pass first,
            FeatureMap between,
            BatchNorm.Pass second,
            FeatureMap output)
            implements Pass {
        @Override
        public Gradients backward(FeatureMap gradient) {
            output.requireSameShape(gradient);
            BatchNorm.Gradients atSecond = second.backward(behindRelu(gradient, output));
            FeatureMap atBetween = pointwise.inputGradient(atSecond.input);
            BatchNorm.Gradients atFirst = first.backward(behindRelu(atBetween, between));
            return new Gradients(
                    depthwise.inputGradient(input, atFirst.input),
                    NamedTensors.of(DEPTHWISE, depthwise.weightGradient(input, atFirst.input))
                            .with(FIRST_GAMMA, tensor(atFirst.gamma))
                            .with(FIRST_BETA, tensor(atFirst.beta))
                            .with(POINTWISE, pointwise.weightGradient(between, atSecond.input))
                            .with(SECOND_GAMMA, tensor(atSecond.gamma))
                            .with(SECOND_BETA, tensor(atSecond.beta)));
        }
    }

    private static Tensor tensor(double[] values) {
        return Tensor.of(DType.FLOAT64, values, values.length);
    }

    private static FeatureMap relu(FeatureMap map) {
        double[] values = map.toDoubles();
        for (int i = 0; i < values.length; i++) {
            values[i] = Math.max(0, values[i]);
        }
        return map.like(values);
    }

    /** The gradient before a ReLU, given the one behind it and its output. */
    static FeatureMap behindRelu(FeatureMap gradient, FeatureMap output) {
        double[] before = new double[gradient.values.length];
        for (int i = 0; i < before.length; i++) {
            before[i] = output.values[i] > 0 ? gradient.values[i] : 0;
        }
        return gradient.like(before);
    }
}
