package dev.cohort.coordinator.method;

import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.UpdateRule;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Hasher;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;

/**
 * A parameter that a teacher trains, and what its {@link UpdateRule} keeps of earlier gradients; all {@code double}. Under AdamW
 * each element counts its own updates, since a teacher updates the elements of the slots that are present.
 */
final class TrainedParameter {
    static final String MOMENTUM = ".momentum";
    private static final String SQUARES = ".squares";
    private static final String UPDATES = ".updates";

    final double[] values;
    /** Under SGD the velocity, under AdamW the mean of the gradients. */
    final double[] momentum;
    /** Mean of the squares of the gradients; empty before the first update by AdamW, as {@link #updates}. */
    private double[] squares;

    private double[] updates;

    /** Updates for which both corrections were computed last, since most elements have equally many; 0 for none. */
    private double counted;

    private double ofMomentum;
    private double ofSquares;

    private TrainedParameter(double[] values, double[] momentum, double[] squares, double[] updates) {
        this.values = values;
        this.momentum = momentum;
        this.squares = squares;
        this.updates = updates;
    }

    static TrainedParameter from(NamedTensors tensors, String name) {
        return new TrainedParameter(
                tensors.get(name).toDoubles(),
                tensors.get(name + MOMENTUM).toDoubles(),
                tensors.find(name + SQUARES).map(Tensor::toDoubles).orElse(new double[0]),
                tensors.find(name + UPDATES).map(Tensor::toDoubles).orElse(new double[0]));
    }

    static TrainedParameter fresh(double[] values) {
        return new TrainedParameter(values, new double[values.length], new double[0], new double[0]);
    }

    /** The name of the parameter to which a tensor of the state belongs: itself, or the one whose gradients it averages. */
    static String owner(String tensor) {
        for (String suffix : List.of(MOMENTUM, SQUARES, UPDATES)) {
            if (tensor.endsWith(suffix)) {
                return tensor.substring(0, tensor.length() - suffix.length());
            }
        }
        return tensor;
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

    /** One update of element {@code i}; weight decay goes for every parameter. */
    void update(int i, double gradient, double learningRate, Experiment.Optimizer optimizer) {
        if (optimizer.update().rule() instanceof UpdateRule.AdamW adamW) {
            adamW(i, gradient, learningRate, optimizer.update().weightDecay(), adamW);
        } else if (optimizer.update().rule() instanceof UpdateRule.Sgd sgd) {
            double decayed = gradient + optimizer.update().weightDecay() * values[i];
            momentum[i] = sgd.momentum() * momentum[i] + decayed;
            values[i] -= learningRate * (sgd.nesterov() ? decayed + sgd.momentum() * momentum[i] : momentum[i]);
        }
    }

    private void adamW(int i, double gradient, double learningRate, double decay, UpdateRule.AdamW rule) {
        if (squares.length == 0) {
            squares = new double[values.length];
            updates = new double[values.length];
        }
        updates[i]++;
        values[i] -= learningRate * decay * values[i];
        momentum[i] += (1 - rule.beta1()) * (gradient - momentum[i]);
        squares[i] = rule.beta2() * squares[i] + (1 - rule.beta2()) * gradient * gradient;
        if (updates[i] != counted) {
            counted = updates[i];
            ofMomentum = 1 - StrictMath.pow(rule.beta1(), counted);
            ofSquares = Math.sqrt(1 - StrictMath.pow(rule.beta2(), counted));
        }
        double rate = learningRate / ofMomentum;
        double spread = Math.sqrt(squares[i]) / ofSquares;
        values[i] -= rate * momentum[i] / (spread + rule.epsilon());
    }

    /** The state with one update of all of parameter {@code name}. */
    static NamedTensors updated(
            NamedTensors state, String name, double[] gradient, double learningRate, Experiment.Optimizer optimizer) {
        return updated(state, new TreeMap<>(Map.of(name, gradient)), learningRate, optimizer);
    }

    /**
     * The state with one update of all of several parameters.
     *
     * @param gradients by the name of the parameter
     */
    static NamedTensors updated(
            NamedTensors state,
            SortedMap<String, double[]> gradients,
            double learningRate,
            Experiment.Optimizer optimizer) {
        Map<String, Tensor> all = new TreeMap<>(state.asMap());
        gradients.forEach((name, gradient) -> {
            TrainedParameter learned = from(state, name);
            for (int i = 0; i < gradient.length; i++) {
                learned.update(i, gradient[i], learningRate, optimizer);
            }
            learned.put(all, name, state.get(name).shape().toArray());
        });
        return NamedTensors.of(all);
    }

    void put(Map<String, Tensor> tensors, String name, int... shape) {
        tensors.put(name, Tensor.of(DType.FLOAT64, values, shape));
        tensors.put(name + MOMENTUM, Tensor.of(DType.FLOAT64, momentum, shape));
        if (squares.length > 0) {
            tensors.put(name + SQUARES, Tensor.of(DType.FLOAT64, squares, shape));
            tensors.put(name + UPDATES, Tensor.of(DType.FLOAT64, updates, shape));
        }
    }
}
