package dev.cohort.peer.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Parameter;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Stochastic gradient descent in the order of PyTorch, with state that can be saved: {@code d = g + decay * w}, {@code v =
 * momentum * v + d}, {@code w -= rate * v}, or with nesterov {@code w -= rate * (d + momentum * v)}. DJL's own optimizer puts
 * the rate into v and hides its state.
 */
final class Sgd {
    /** @param velocity absent without momentum */
    private record Trained(NDArray weight, Optional<NDArray> velocity) {}

    private final SortedMap<String, Trained> all = new TreeMap<>();
    private final NDManager manager;
    private final double momentum;
    private final boolean nesterov;
    private final double weightDecay;

    /** @param weights the trained weights by name; their momenta belong to {@code manager} */
    Sgd(SortedMap<String, Parameter> weights, LearnerSetting setting, NDManager manager) {
        this.manager = manager;
        momentum = setting.momentum();
        nesterov = setting.nesterov();
        weightDecay = setting.weightDecay();
        weights.forEach((name, parameter) -> {
            NDArray weight = parameter.getArray();
            Optional<NDArray> velocity = momentum > 0
                    ? Optional.of(manager.zeros(weight.getShape(), weight.getDataType()))
                    : Optional.empty();
            all.put(name, new Trained(weight, velocity));
        });
    }

    /** By the names of the weights; empty without momentum. */
    SortedMap<String, NDArray> momenta() {
        SortedMap<String, NDArray> momenta = new TreeMap<>();
        all.forEach((name, trained) -> trained.velocity().ifPresent(velocity -> momenta.put(name, velocity)));
        return momenta;
    }

    /** Updates all weights and leaves their gradients zero. */
    void step(double learningRate) {
        try (NDArray rate = manager.create(learningRate);
                NDArray decay = manager.create(weightDecay);
                NDArray keep = manager.create(momentum)) {
            for (Trained trained : all.values()) {
                NDArray weight = trained.weight();
                try (NDArray gradient = weight.getGradient();
                        NDArray decayed = weight.mul(decay).addi(gradient);
                        NDArray direction = direction(trained, decayed, keep)) {
                    weight.subi(direction.muli(rate));
                }
                JniUtils.zeroGrad((PtNDArray) weight);
            }
        }
    }

    /** A new array. */
    private NDArray direction(Trained trained, NDArray decayed, NDArray keep) {
        if (trained.velocity().isEmpty()) {
            return decayed.duplicate();
        }
        NDArray velocity = trained.velocity().get();
        velocity.muli(keep).addi(decayed);
        return nesterov ? velocity.mul(keep).addi(decayed) : velocity.duplicate();
    }
}
