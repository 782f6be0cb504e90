package dev.cohort.coordinator.method;

import dev.cohort.experiment.Experiment;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Hasher;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;

/** A parameter that a teacher trains, and its momentum buffer; both {@code double}. */
final class TrainedParameter {
    /** Suffix of the name of a parameter's momentum. */
    static final String MOMENTUM = ".momentum";

    final double[] values;
    final double[] momentum;

    private TrainedParameter(double[] values, double[] momentum) {
        this.values = values;
        this.momentum = momentum;
    }

    static TrainedParameter from(NamedTensors tensors, String name) {
        return new TrainedParameter(
                tensors.get(name).toDoubles(), tensors.get(name + MOMENTUM).toDoubles());
    }

    static TrainedParameter fresh(double[] values) {
        return new TrainedParameter(values, new double[values.length]);
    }

    /**
     * Values from U(-bound, bound).
     *
     * @param what name of the values in the random seed
     * @param slot slot of the values, which depend on {@code what}, the seed and the slot alone
     */
    static TrainedParameter uniform(String what, long seed, int slot, int size, double bound) {
        SplittableRandom random = random(what, seed, slot);
        double[] values = new double[size];
        for (int i = 0; i < size; i++) {
            values[i] = bound * (2 * random.nextDouble() - 1);
        }
        return fresh(values);
    }

    static SplittableRandom random(String what, long seed, int slot) {
        Hasher hasher = new Hasher().text(what).number(seed).number(slot);
        return new SplittableRandom(ByteBuffer.wrap(hasher.digest().toBytes()).getLong());
    }

    /** One update of element {@code i} as PyTorch's SGD makes it; weight decay goes for every parameter. */
    void update(int i, double gradient, double learningRate, Experiment.Optimizer optimizer) {
        double decayed = gradient + optimizer.weightDecay() * values[i];
        momentum[i] = optimizer.momentum() * momentum[i] + decayed;
        values[i] -= learningRate * (optimizer.nesterov() ? decayed + optimizer.momentum() * momentum[i] : momentum[i]);
    }

    /** The state with one update of all of parameter {@code name}. */
    static NamedTensors updated(
            NamedTensors state, String name, double[] gradient, double learningRate, Experiment.Optimizer optimizer) {
        TrainedParameter learned = from(state, name);
        for (int i = 0; i < gradient.length; i++) {
            learned.update(i, gradient[i], learningRate, optimizer);
        }
        Map<String, Tensor> all = new TreeMap<>(state.asMap());
        learned.put(all, name, state.get(name).shape().toArray());
        return NamedTensors.of(all);
    }

    void put(Map<String, Tensor> tensors, String name, int... shape) {
        tensors.put(name, Tensor.of(DType.FLOAT64, values, shape));
        tensors.put(name + MOMENTUM, Tensor.of(DType.FLOAT64, momentum, shape));
    }
}
