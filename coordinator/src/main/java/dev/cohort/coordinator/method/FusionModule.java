package dev.cohort.coordinator.method;

import dev.cohort.distill.maps.AveragePooling;
import dev.cohort.distill.maps.FeatureFusion;
import dev.cohort.distill.maps.FeatureMap;
import dev.cohort.distill.maps.SeparableBlock;
import dev.cohort.experiment.Experiment;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A {@link FeatureFusion} whose parameters lie in a teacher's state, in parts that belong to the slots. With C_s the channels of
 * slot s, D those of the fused map, and C classes:
 *
 * <pre>
 * fusion.depthwise_weight.s [C_s, 1, 3, 3]      fusion.bn1_gamma.s, bn1_beta.s, bn1_mean.s, bn1_variance.s [C_s]
 * fusion.pointwise_weight.s [D, C_s, 1, 1]      fusion.bn2_gamma, bn2_beta, bn2_mean, bn2_variance [D]
 * fusion.fc_weight [C, D], fusion.fc_bias [C]
 * </pre>
 *
 * A slot that is absent enters the 1x1 convolution as zeros, so its parts are neither used nor trained. Maps of several sizes are
 * first average-pooled to the smallest height and width among them.
 *
 * <p>Weights start from U(-1/sqrt(n), 1/sqrt(n)), PyTorch's initialisation, with n = 9 for the depthwise, the sum of all C_s for
 * the 1x1 convolution, and D for the linear layer; batch norm starts as the identity. Running statistics are those of {@link Gate}:
 * momentum 0.1, unbiased variance.
 */
final class FusionModule {
    private static final String PREFIX = "fusion.";
    private static final String FIRST_MEAN = "bn1_mean";
    private static final String FIRST_VARIANCE = "bn1_variance";
    private static final String SECOND_MEAN = "bn2_mean";
    private static final String SECOND_VARIANCE = "bn2_variance";
    private static final int KERNEL = 3;
    private static final int NO_SLOT = -1;

    private final Ints channels;
    private final int width;
    private final int classes;

    /**
     * @param channels of the maps of each slot
     * @param width of the fused map
     */
    FusionModule(Ints channels, int width, int classes) {
        this.channels = channels;
        this.width = width;
        this.classes = classes;
    }

    /** State before the first step. */
    NamedTensors initial(long seed) {
        Map<String, Tensor> state = new TreeMap<>();
        int inputs = channels.stream().sum();
        for (int slot = 0; slot < channels.size(); slot++) {
            int own = channels.get(slot);
            uniform(state, of(SeparableBlock.DEPTHWISE, slot), seed, slot, KERNEL * KERNEL, own, 1, KERNEL, KERNEL);
            uniform(state, of(SeparableBlock.POINTWISE, slot), seed, slot, inputs, width, own, 1, 1);
            identity(state, own, of(SeparableBlock.FIRST_GAMMA, slot), of(SeparableBlock.FIRST_BETA, slot));
            statistics(state, own, of(FIRST_MEAN, slot), of(FIRST_VARIANCE, slot));
        }
        identity(state, width, PREFIX + SeparableBlock.SECOND_GAMMA, PREFIX + SeparableBlock.SECOND_BETA);
        statistics(state, width, PREFIX + SECOND_MEAN, PREFIX + SECOND_VARIANCE);
        uniform(state, PREFIX + FeatureFusion.WEIGHT, seed, NO_SLOT, width, classes, width);
        uniform(state, PREFIX + FeatureFusion.BIAS, seed, NO_SLOT, width, classes);
        return NamedTensors.of(state);
    }

    private static String of(String name, int slot) {
        return PREFIX + name + "." + slot;
    }

    private static void uniform(Map<String, Tensor> state, String name, long seed, int slot, int fanIn, int... shape) {
        int size = Arrays.stream(shape).reduce(1, Math::multiplyExact);
        TrainedParameter.uniform(name, seed, slot, size, 1 / Math.sqrt(fanIn)).put(state, name, shape);
    }

    private static void identity(Map<String, Tensor> state, int size, String gamma, String beta) {
        TrainedParameter.fresh(ones(size)).put(state, gamma, size);
        TrainedParameter.fresh(new double[size]).put(state, beta, size);
    }

    private static void statistics(Map<String, Tensor> state, int size, String mean, String variance) {
        state.put(mean, Tensor.of(DType.FLOAT64, new double[size], size));
        state.put(variance, Tensor.of(DType.FLOAT64, ones(size), size));
    }

    private static double[] ones(int size) {
        double[] ones = new double[size];
        Arrays.fill(ones, 1);
        return ones;
    }

    /**
     * A forward pass with the statistics of the batch.
     *
     * @param maps [B, C_s, H_s, W_s] of the slots that are present, at least one
     */
    Pass forward(NamedTensors state, SortedMap<Integer, FeatureMap> maps) {
        return new Pass(state, maps);
    }

    /** Gradients of a loss with respect to the maps, by slot, and to the parameters, by their names in the state. */
    record Gradients(SortedMap<Integer, FeatureMap> maps, SortedMap<String, double[]> parameters) {}

    /** A forward pass, with what its backward pass needs. */
    final class Pass {
        private final SortedMap<Integer, FeatureMap> maps;
        private final List<Integer> slots;
        private final FeatureFusion.Pass fusion;
        /** Positions of the batch in each channel. */
        private final int count;

        private Pass(NamedTensors state, SortedMap<Integer, FeatureMap> maps) {
            this.maps = maps;
            slots = List.copyOf(maps.keySet());
            int height =
                    maps.values().stream().mapToInt(FeatureMap::height).min().orElse(1);
            int width = maps.values().stream().mapToInt(FeatureMap::width).min().orElse(1);
            List<FeatureMap> ofOneSize = maps.values().stream()
                    .map(map -> AveragePooling.pool(map, height, width))
                    .toList();
            count = maps.values().stream()
                            .mapToInt(FeatureMap::rows)
                            .findFirst()
                            .orElse(0)
                    * height
                    * width;
            fusion = new FeatureFusion(parameters(state, slots)).forward(ofOneSize);
        }

        /** z_f [B, C]. */
        Tensor logits() {
            return fusion.logits();
        }

        /** The backward pass, from a gradient with respect to the fused logits [B, C]. */
        Gradients backward(Tensor gradient) {
            FeatureFusion.Gradients all = fusion.backward(gradient);
            SortedMap<Integer, FeatureMap> ofMaps = new TreeMap<>();
            for (Map.Entry<Integer, FeatureMap> map : maps.entrySet()) {
                FeatureMap own = map.getValue();
                FeatureMap pooled = all.maps().get(ofMaps.size());
                ofMaps.put(map.getKey(), AveragePooling.gradient(pooled, own.height(), own.width()));
            }
            return new Gradients(ofMaps, apart(all.parameters(), slots));
        }

        /** One update of the parameters and running statistics of the present slots, and of what belongs to all. */
        NamedTensors updated(
                NamedTensors state, Gradients gradients, double learningRate, Experiment.Optimizer optimizer) {
            NamedTensors next = state;
            for (Map.Entry<String, double[]> gradient : gradients.parameters().entrySet()) {
                next = TrainedParameter.updated(next, gradient.getKey(), gradient.getValue(), learningRate, optimizer);
            }
            if (count < 2) {
                return next;
            }
            double unbiased = count / (count - 1.0);
            List<double[]> means = parts(fusion.first().mean().toDoubles(), slots, 1);
            List<double[]> variances = parts(fusion.first().variance().toDoubles(), slots, 1);
            for (int i = 0; i < slots.size(); i++) {
                next = running(next, of(FIRST_MEAN, slots.get(i)), means.get(i), 1);
                next = running(next, of(FIRST_VARIANCE, slots.get(i)), variances.get(i), unbiased);
            }
            next = running(next, PREFIX + SECOND_MEAN, fusion.second().mean().toDoubles(), 1);
            return running(
                    next, PREFIX + SECOND_VARIANCE, fusion.second().variance().toDoubles(), unbiased);
        }
    }

    private static NamedTensors running(NamedTensors state, String name, double[] ofBatch, double factor) {
        Tensor old = state.get(name);
        double[] values = old.toDoubles();
        for (int i = 0; i < values.length; i++) {
            values[i] += Gate.STATISTICS_MOMENTUM * (factor * ofBatch[i] - values[i]);
        }
        return state.with(name, Tensor.of(old.dtype(), values, old.shape().toArray()));
    }

    /** The parameters of the fusion of these slots alone. */
    private NamedTensors parameters(NamedTensors state, List<Integer> slots) {
        int present = slots.stream().mapToInt(channels::get).sum();
        return NamedTensors.of(
                        SeparableBlock.DEPTHWISE,
                        joined(state, SeparableBlock.DEPTHWISE, slots, 1, present, 1, KERNEL, KERNEL))
                .with(SeparableBlock.FIRST_GAMMA, joined(state, SeparableBlock.FIRST_GAMMA, slots, 1, present))
                .with(SeparableBlock.FIRST_BETA, joined(state, SeparableBlock.FIRST_BETA, slots, 1, present))
                .with(SeparableBlock.POINTWISE, joined(state, SeparableBlock.POINTWISE, slots, width, width, present))
                .with(SeparableBlock.SECOND_GAMMA, state.get(PREFIX + SeparableBlock.SECOND_GAMMA))
                .with(SeparableBlock.SECOND_BETA, state.get(PREFIX + SeparableBlock.SECOND_BETA))
                .with(FeatureFusion.WEIGHT, state.get(PREFIX + FeatureFusion.WEIGHT))
                .with(FeatureFusion.BIAS, state.get(PREFIX + FeatureFusion.BIAS));
    }

    /** The parts of the slots side by side, in each of {@code lines} lines. */
    private static Tensor joined(NamedTensors state, String name, List<Integer> slots, int lines, int... shape) {
        List<double[]> parts = new ArrayList<>();
        slots.forEach(slot -> parts.add(state.get(of(name, slot)).toDoubles()));
        double[] all = new double[parts.stream().mapToInt(part -> part.length).sum()];
        int to = 0;
        for (int line = 0; line < lines; line++) {
            for (double[] part : parts) {
                int length = part.length / lines;
                System.arraycopy(part, line * length, all, to, length);
                to += length;
            }
        }
        return Tensor.of(DType.FLOAT64, all, shape);
    }

    /** Gradients of joined parameters, by the names of the state. */
    private SortedMap<String, double[]> apart(NamedTensors gradients, List<Integer> slots) {
        SortedMap<String, double[]> apart = new TreeMap<>();
        gradients.asMap().forEach((name, gradient) -> {
            switch (name) {
                case SeparableBlock.DEPTHWISE,
                        SeparableBlock.FIRST_GAMMA,
                        SeparableBlock.FIRST_BETA,
                        SeparableBlock.POINTWISE -> {
                    int lines = name.equals(SeparableBlock.POINTWISE) ? width : 1;
                    List<double[]> parts = parts(gradient.toDoubles(), slots, lines);
                    for (int i = 0; i < slots.size(); i++) {
                        apart.put(of(name, slots.get(i)), parts.get(i));
                    }
                }
                default -> apart.put(PREFIX + name, gradient.toDoubles());
            }
        });
        return apart;
    }

    /** What {@link #joined} put side by side. */
    private List<double[]> parts(double[] all, List<Integer> slots, int lines) {
        int present = slots.stream().mapToInt(channels::get).sum();
        int line = all.length / lines;
        List<double[]> parts = new ArrayList<>();
        int offset = 0;
        for (int slot : slots) {
            int length = line / present * channels.get(slot);
            double[] part = new double[lines * length];
            for (int i = 0; i < lines; i++) {
                System.arraycopy(all, i * line + offset, part, i * length, length);
            }
            parts.add(part);
            offset += length;
        }
        return parts;
    }
}
