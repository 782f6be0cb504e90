package dev.cohort.peer.plain;

import dev.cohort.experiment.UpdateRule;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.Arrays;

/**
 * A trained tensor with its gradient and its velocity. An update replaces the array of values, so a parked pass may keep the
 * old one.
 */
final class TrainedTensor {
    private static final String VELOCITY = ".velocity";

    private final String name;
    private final int[] shape;
    private final double[] gradient;
    private double[] values;
    private double[] velocity;

    TrainedTensor(String name, double[] values, int... shape) {
        this.name = name;
        this.shape = shape.clone();
        this.values = values;
        gradient = new double[values.length];
        velocity = new double[values.length];
    }

    /** Row-major; never written to. */
    double[] values() {
        return values;
    }

    /** Row-major; to be added to. */
    double[] gradient() {
        return gradient;
    }

    /** SGD as PyTorch does it: {@code v = momentum * v + g + decay * w}, {@code w -= rate * v} (nesterov: {@code g + momentum * v}). */
    void update(double learningRate, UpdateRule.Sgd rule, double weightDecay) {
        double[] next = values.clone();
        for (int i = 0; i < next.length; i++) {
            double decayed = gradient[i] + weightDecay * next[i];
            velocity[i] = rule.momentum() * velocity[i] + decayed;
            double direction = rule.nesterov() ? decayed + rule.momentum() * velocity[i] : velocity[i];
            next[i] -= learningRate * direction;
        }
        values = next;
        Arrays.fill(gradient, 0);
    }

    NamedTensors addTo(NamedTensors others) {
        return others.with(name, tensor(values));
    }

    NamedTensors addAllTo(NamedTensors others) {
        return addTo(others).with(name + VELOCITY, tensor(velocity));
    }

    void requireFits(NamedTensors snapshot) {
        for (String each : new String[] {name, name + VELOCITY}) {
            Tensor found = snapshot.get(each);
            if (!Arrays.equals(found.shape().toArray(), shape)) {
                throw new IllegalArgumentException(
                        "tensor " + each + " of shape " + found.shape() + ": must be " + Arrays.toString(shape));
            }
        }
    }

    void restore(NamedTensors snapshot) {
        values = snapshot.get(name).toDoubles();
        velocity = snapshot.get(name + VELOCITY).toDoubles();
        Arrays.fill(gradient, 0);
    }

    private Tensor tensor(double[] content) {
        return Tensor.of(DType.FLOAT64, content, shape);
    }
}
