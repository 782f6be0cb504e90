package dev.cohort.distill.maps;

import dev.cohort.tensor.DType;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.Arrays;

/**
 * Tells the maps of a network, which it takes for fake, from those of its teacher, which it takes for real, in adversarial feature
 * distillation (AFD): a 2x2 convolution without bias, batch norm in training mode and LeakyReLU 0.01, then a 2x2 convolution of
 * stride 2 with bias to one channel, and a sigmoid.
 *
 * <pre>
 * loss of the discriminator = mean (1 - D(teacher's map))^2 + mean D(own map)^2
 * loss of the network       = mean (1 - D(own map))^2                            means over B and all outputs
 * </pre>
 *
 * Batch norm sees the maps of the two networks separately, each with its own statistics.
 *
 * <p>Source of the losses: Chung, Park, Kim, Kwak, "Feature-map-level Online Adversarial Knowledge Distillation", ICML 2020 (arXiv
 * 2002.01775). The layers are ours; the paper's are not known to us.
 */
public final class MapDiscriminator {
    /** Name of the weight [E, D, 2, 2] of the first convolution. */
    public static final String FIRST_WEIGHT = "conv1_weight";
    /** Name of the scale [E] of the batch norm. */
    public static final String GAMMA = "bn_gamma";
    /** Name of the shift [E] of the batch norm. */
    public static final String BETA = "bn_beta";
    /** Name of the weight [1, E, 2, 2] of the second convolution. */
    public static final String SECOND_WEIGHT = "conv2_weight";
    /** Name of the bias [1] of the second convolution. */
    public static final String SECOND_BIAS = "conv2_bias";
    /** Slope of the activation below 0. */
    public static final double SLOPE = 0.01;

    private static final int SIZE = 2;

    private final Convolution first;
    private final BatchNorm norm;
    private final Convolution second;

    /** @param parameters the five tensors by their names */
    public MapDiscriminator(NamedTensors parameters) {
        first = convolution(FIRST_WEIGHT, parameters, 1);
        norm = new BatchNorm(
                first.perChannel(GAMMA, parameters.get(GAMMA)), first.perChannel(BETA, parameters.get(BETA)));
        second = convolution(SECOND_WEIGHT, parameters, 2).withBias(SECOND_BIAS, parameters.get(SECOND_BIAS));
        if (second.out() != 1 || second.in() != first.out()) {
            throw new IllegalArgumentException(SECOND_WEIGHT + " of shape "
                    + parameters.get(SECOND_WEIGHT).shape() + ": must be [1, " + first.out() + ", 2, 2]");
        }
    }

    private static Convolution convolution(String name, NamedTensors parameters, int stride) {
        Convolution convolution = Convolution.of(name, parameters.get(name), stride, 0);
        if (convolution.size() != SIZE) {
            throw new IllegalArgumentException(
                    name + " of shape " + parameters.get(name).shape() + ": must have a kernel of size 2");
        }
        return convolution;
    }

    /** D, the number of channels of the maps it judges. */
    public int channels() {
        return first.in();
    }

    /**
     * A step of training the discriminator.
     *
     * @param loss its loss
     * @param ofTeacher its outputs [B, 1, h, w] for the teacher's map, from 0 to 1, with {@code h = floor((H - 3) / 2) + 1}
     * @param ofOwn those for the network's own map
     * @param parameters gradients, by the names of the parameters and in their shapes, 64-bit
     */
    public record Trained(double loss, FeatureMap ofTeacher, FeatureMap ofOwn, NamedTensors parameters) {}

    /**
     * The outputs for a map.
     *
     * @param map [B, D, H, W], H and W at least 3
     */
    public FeatureMap judge(FeatureMap map) {
        return new Pass(map).output;
    }

    /**
     * The loss of the discriminator and its gradients; none goes into a map. The two batches may have different images, and
     * different numbers of them.
     *
     * @param own the network's own map
     * @param teacher the map of its teacher
     */
    public Trained train(FeatureMap own, FeatureMap teacher) {
        return trained(new Pass(own), new Pass(teacher));
    }

    /**
     * The loss of the network and its gradient at the network's map, with the discriminator constant.
     *
     * @param own the network's own map
     */
    public MapLoss deceive(FeatureMap own) {
        return deceived(new Pass(own));
    }

    /**
     * Both losses, at one point.
     *
     * @param discriminator that of {@link #train}
     * @param network that of {@link #deceive}
     */
    public record Contest(Trained discriminator, MapLoss network) {}

    /** What {@link #train} and {@link #deceive} give, with one forward pass of the network's own map for both. */
    public Contest contest(FeatureMap own, FeatureMap teacher) {
        Pass fake = new Pass(own);
        return new Contest(trained(fake, new Pass(teacher)), deceived(fake));
    }

    private Trained trained(Pass fake, Pass real) {
        MapLoss atReal = squaredDistance(real.output, 1);
        MapLoss atFake = squaredDistance(fake.output, 0);
        NamedTensors ofReal = real.parameters(atReal.gradient());
        NamedTensors sums = NamedTensors.none();
        for (var entry : fake.parameters(atFake.gradient()).asMap().entrySet()) {
            sums = sums.with(entry.getKey(), sum(ofReal.get(entry.getKey()), entry.getValue()));
        }
        return new Trained(atReal.loss() + atFake.loss(), real.output, fake.output, sums);
    }

    private MapLoss deceived(Pass fake) {
        MapLoss atOutput = squaredDistance(fake.output, 1);
        return new MapLoss(atOutput.loss(), fake.input(atOutput.gradient()));
    }

    private static Tensor sum(Tensor a, Tensor b) {
        double[] sum = a.toDoubles();
        for (int i = 0; i < sum.length; i++) {
            sum[i] += b.at(i);
        }
        return Tensor.of(DType.FLOAT64, sum, a.shape().toArray());
    }

    private static MapLoss squaredDistance(FeatureMap output, double target) {
        double[] constant = output.values.clone();
        Arrays.fill(constant, target);
        return SquaredError.ofMaps(output, output.like(constant));
    }

    private final class Pass {
        private final FeatureMap map;
        private final BatchNorm.Pass normed;
        private final FeatureMap activated;
        private final FeatureMap output;

        private Pass(FeatureMap map) {
            this.map = map;
            normed = norm.forward(first.forward(map));
            activated = LeakyRelu.of(normed.output, SLOPE);
            FeatureMap logits = second.forward(activated);
            double[] values = new double[logits.values.length];
            for (int i = 0; i < values.length; i++) {
                values[i] = 1 / (1 + StrictMath.exp(-logits.values[i]));
            }
            output = logits.like(values);
        }

        private FeatureMap behindSecond(FeatureMap gradient) {
            double[] before = new double[gradient.values.length];
            for (int i = 0; i < before.length; i++) {
                before[i] = gradient.values[i] * output.values[i] * (1 - output.values[i]);
            }
            return gradient.like(before);
        }

        private BatchNorm.Gradients atNorm(FeatureMap behindSecond) {
            FeatureMap atActivated = second.inputGradient(activated, behindSecond);
            return normed.backward(LeakyRelu.gradient(atActivated, activated, SLOPE));
        }

        private FeatureMap input(FeatureMap gradient) {
            return first.inputGradient(map, atNorm(behindSecond(gradient)).input);
        }

        private NamedTensors parameters(FeatureMap gradient) {
            FeatureMap behind = behindSecond(gradient);
            BatchNorm.Gradients atNorm = atNorm(behind);
            double[] bias = Filter.biasGradient(behind);
            return NamedTensors.of(FIRST_WEIGHT, first.weightGradient(map, atNorm.input))
                    .with(GAMMA, Tensor.of(DType.FLOAT64, atNorm.gamma, atNorm.gamma.length))
                    .with(BETA, Tensor.of(DType.FLOAT64, atNorm.beta, atNorm.beta.length))
                    .with(SECOND_WEIGHT, second.weightGradient(activated, behind))
                    .with(SECOND_BIAS, Tensor.of(DType.FLOAT64, bias, bias.length));
        }
    }
}
