package dev.cohort.distill.maps;

import dev.cohort.tensor.DType;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Fuses the maps of several peers into one classifier: their channels side by side in the order of the peers, a {@link
 * SeparableBlock}, the mean over all positions, and a linear layer. The fused logits teach every peer, and the mean of the
 * peers' logits teaches the fusion.
 *
 * <p>Source: Kim, Hyun, Chung, Kwak, "Feature Fusion for Online Mutual Knowledge Distillation" (arXiv 1904.09058), official code
 * Jangho-Kim/FFL-pytorch.
 */
public final class FeatureFusion {
    /** Name of the weight [C, D] of the linear layer. */
    public static final String WEIGHT = "fc_weight";
    /** Name of the bias [C] of the linear layer. */
    public static final String BIAS = "fc_bias";

    private final SeparableBlock block;
    private final HintAdapter linear;

    /** @param parameters those of a {@link SeparableBlock}, whose depthwise weight has the channels of all peers, and two more */
    public FeatureFusion(NamedTensors parameters) {
        block = new SeparableBlock(parameters, 1);
        // On a map of one position a 1x1 convolution with bias is the linear layer.
        linear = new HintAdapter(
                NamedTensors.of(Adapter.WEIGHT, parameters.get(WEIGHT)).with(HintAdapter.BIAS, parameters.get(BIAS)));
    }

    /**
     * Gradients of a loss of the fused logits.
     *
     * @param maps per peer
     * @param parameters by name, 64-bit
     */
    public record Gradients(List<FeatureMap> maps, NamedTensors parameters) {
        public Gradients {
            maps = List.copyOf(maps);
        }
    }

    /**
     * What a batch norm saw in a batch.
     *
     * @param mean per channel
     * @param variance per channel, biased
     */
    public record Statistics(Tensor mean, Tensor variance) {}

    /**
     * The forward pass.
     *
     * @param maps per peer, of one size and batch
     */
    public Pass forward(List<FeatureMap> maps) {
        return new Pass(maps);
    }

    /** A forward pass, with what its backward pass needs. */
    public final class Pass {
        private final List<FeatureMap> maps;
        private final SeparableBlock.BlockPass atBlock;
        private final Adapter.Pass atLinear;

        private Pass(List<FeatureMap> maps) {
            this.maps = List.copyOf(maps);
            atBlock = block.pass(sideBySide(maps));
            atLinear = linear.forward(AveragePooling.pool(atBlock.output()));
        }

        /** z_f [B, C]. */
        public Tensor logits() {
            FeatureMap logits = atLinear.output();
            return Tensor.of(DType.FLOAT64, logits.values, logits.rows(), logits.channels());
        }

        /** Of the first batch norm: the channels of all peers. */
        public Statistics first() {
            return statistics(atBlock.first());
        }

        /** Of the second batch norm: the channels of the fused map. */
        public Statistics second() {
            return statistics(atBlock.second());
        }

        private static Statistics statistics(BatchNorm.Pass pass) {
            return new Statistics(
                    Tensor.of(DType.FLOAT64, pass.mean, pass.mean.length),
                    Tensor.of(DType.FLOAT64, pass.variance, pass.variance.length));
        }

        /**
         * The backward pass.
         *
         * @param gradient of a loss with respect to the fused logits [B, C]
         */
        public Gradients backward(Tensor gradient) {
            Adapter.Gradients ofLinear = atLinear.backward(FeatureMap.of(gradient));
            FeatureMap fused = atBlock.output();
            Adapter.Gradients ofBlock =
                    atBlock.backward(AveragePooling.gradient(ofLinear.input(), fused.height(), fused.width()));
            return new Gradients(
                    apart(ofBlock.input(), maps),
                    ofBlock.parameters()
                            .with(WEIGHT, ofLinear.parameters().get(Adapter.WEIGHT))
                            .with(BIAS, ofLinear.parameters().get(HintAdapter.BIAS)));
        }
    }

    private static FeatureMap sideBySide(List<FeatureMap> maps) {
        if (maps.isEmpty()) {
            throw new IllegalArgumentException("fusion of the maps of no peer: must be of at least one");
        }
        FeatureMap first = maps.get(0);
        int channels = 0;
        for (FeatureMap map : maps) {
            if (map.rows() != first.rows() || map.height() != first.height() || map.width() != first.width()) {
                throw new IllegalArgumentException("feature map " + map + " to be fused with " + first
                        + ": must be equal but for the number of channels");
            }
            channels += map.channels();
        }
        double[] all = new double[first.rows() * channels * first.positions()];
        int to = 0;
        for (int row = 0; row < first.rows(); row++) {
            for (FeatureMap map : maps) {
                int length = map.channels() * map.positions();
                System.arraycopy(map.values, row * length, all, to, length);
                to += length;
            }
        }
        return FeatureMap.wrap(first.rows(), channels, first.height(), first.width(), all);
    }

    private static List<FeatureMap> apart(FeatureMap fused, List<FeatureMap> shapes) {
        List<FeatureMap> apart = new ArrayList<>();
        int offset = 0;
        for (FeatureMap shape : shapes) {
            int length = shape.channels() * shape.positions();
            double[] own = new double[shape.values.length];
            for (int row = 0; row < shape.rows(); row++) {
                int from = row * fused.channels() * fused.positions() + offset;
                System.arraycopy(fused.values, from, own, row * length, length);
            }
            apart.add(shape.like(own));
            offset += length;
        }
        return apart;
    }
}
