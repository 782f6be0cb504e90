package dev.cohort.peer.djl;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import org.jspecify.annotations.Nullable;

/**
 * Gives a training pass differentiable copies of the weights, so that its graph can be finished after later updates: an
 * update changes the weights in place, which PyTorch refuses to a graph that still needs them. The gradient is then that at
 * the weights of the pass and goes to the weights of now. The copies take under 1 % of a step.
 *
 * <p>A sum, not a product: autograd keeps the operands of a product, and DJL puts a Java number into memory that may be
 * collected while the pass is parked.
 */
final class PassWeights extends ParameterStore {
    private final NDManager manager;
    private final NDArray zero;

    PassWeights(NDManager manager) {
        super(manager, false);
        this.manager = manager;
        zero = manager.create(0);
    }

    @Override
    public @Nullable NDArray getValue(@Nullable Parameter parameter, Device device, boolean training) {
        // DJL asks so for the bias of a layer without one.
        if (parameter == null) {
            return null;
        }
        NDArray array = parameter.getArray();
        if (!training || !parameter.requiresGradient()) {
            return array;
        }
        NDArray copy = array.add(zero);
        copy.attach(manager);
        return copy;
    }
}
