package dev.cohort.coordinator.method;

import dev.cohort.tensor.DType;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;

/**
 * The state of a {@link Gate}: parameters with their momentum, and running statistics; all {@code double}. With S slots and
 * H the sum of their feature widths: weight [S, H], everything else [S]. Entry s of each belongs to slot s; weight [s, h]
 * belongs to slot s and to the slot whose feature h is.
 */
final class GateState {
    static final String WEIGHT = "gate.weight";
    static final String BIAS = "gate.bias";
    static final String GAMMA = "norm.gamma";
    static final String BETA = "norm.beta";
    static final String MEAN = "norm.mean";
    static final String VARIANCE = "norm.variance";

    final TrainedParameter weight;
    final TrainedParameter bias;
    final TrainedParameter gamma;
    final TrainedParameter beta;
    final double[] mean;
    final double[] variance;

    private GateState(
            TrainedParameter weight,
            TrainedParameter bias,
            TrainedParameter gamma,
            TrainedParameter beta,
            double[] mean,
            double[] variance) {
        this.weight = weight;
        this.bias = bias;
        this.gamma = gamma;
        this.beta = beta;
        this.mean = mean;
        this.variance = variance;
    }

    /**
     * Weight and bias from U(-1/sqrt(H), 1/sqrt(H)), which is PyTorch's initialisation of a linear layer which the official code
     * of ONE keeps; batch norm starts as the identity. The values of a slot depend on the seed and the slot alone.
     */
    static GateState initial(int slots, int inputs, long seed) {
        double[] weight = new double[slots * inputs];
        double[] bias = new double[slots];
        double bound = 1 / Math.sqrt(inputs);
        for (int slot = 0; slot < slots; slot++) {
            SplittableRandom random = TrainedParameter.random("gate", seed, slot);
            for (int i = 0; i < inputs; i++) {
                weight[slot * inputs + i] = bound * (2 * random.nextDouble() - 1);
            }
            bias[slot] = bound * (2 * random.nextDouble() - 1);
        }
        return new GateState(
                TrainedParameter.fresh(weight),
                TrainedParameter.fresh(bias),
                TrainedParameter.fresh(ones(slots)),
                TrainedParameter.fresh(new double[slots]),
                new double[slots],
                ones(slots));
    }

    private static double[] ones(int size) {
        double[] ones = new double[size];
        Arrays.fill(ones, 1);
        return ones;
    }

    /** A copy that may be updated. */
    static GateState of(NamedTensors tensors) {
        return new GateState(
                TrainedParameter.from(tensors, WEIGHT),
                TrainedParameter.from(tensors, BIAS),
                TrainedParameter.from(tensors, GAMMA),
                TrainedParameter.from(tensors, BETA),
                tensors.get(MEAN).toDoubles(),
                tensors.get(VARIANCE).toDoubles());
    }

    NamedTensors toTensors() {
        int slots = mean.length;
        int inputs = weight.values.length / slots;
        Map<String, Tensor> tensors = new TreeMap<>();
        weight.put(tensors, WEIGHT, slots, inputs);
        bias.put(tensors, BIAS, slots);
        gamma.put(tensors, GAMMA, slots);
        beta.put(tensors, BETA, slots);
        tensors.put(MEAN, Tensor.of(DType.FLOAT64, mean, slots));
        tensors.put(VARIANCE, Tensor.of(DType.FLOAT64, variance, slots));
        return NamedTensors.of(tensors);
    }
}
