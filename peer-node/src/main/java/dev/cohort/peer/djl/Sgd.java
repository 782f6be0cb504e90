package dev.cohort.peer.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Parameter;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import dev.cohort.experiment.UpdateRule;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** {@link UpdateRule.Sgd}. */
final class Sgd implements Descent {
    /** Prefix of the names of velocities in a snapshot. */
    static final String MOMENTUM = "momentum/";

    /** @param velocity absent without momentum */
    private record Trained(NDArray weight, Optional<NDArray> velocity) {}

    private final SortedMap<String, Trained> all = new TreeMap<>();
    private final NDManager manager;
    private final double momentum;
    private final boolean nesterov;
    private final double weightDecay;

    Sgd(UpdateRule.Sgd rule, double weightDecay, SortedMap<String, Parameter> weights, NDManager manager) {
        this.manager = manager;
        this.weightDecay = weightDecay;
        momentum = rule.momentum();
        nesterov = rule.nesterov();
        weights.forEach((name, parameter) -> {
            NDArray weight = parameter.getArray();
            Optional<NDArray> velocity = momentum > 0
                    ? Optional.of(manager.zeros(weight.getShape(), weight.getDataType()))
                    : Optional.empty();
            all.put(name, new Trained(weight, velocity));
        });
    }

    @Override
    public SortedMap<String, NDArray> state() {
        SortedMap<String, NDArray> momenta = new TreeMap<>();
        all.forEach(
                (name, trained) -> trained.velocity().ifPresent(velocity -> momenta.put(MOMENTUM + name, velocity)));
        return momenta;
    }

    @Override
    public void step(double learningRate) {
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
