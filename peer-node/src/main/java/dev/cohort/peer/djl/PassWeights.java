package dev.cohort.peer.djl;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import org.jspecify.annotations.Nullable;

/**
 * Gives a training pass differentiable copies of the weights, so that its graph can be finished after later updates: an update
 * changes the weights in place, which PyTorch forbids while a graph needs them. The gradient is taken at the weights of the
 * pass and applied to the current weights. The copies take under 1 % of a step.
 *
 * <p>The copy is a sum, not a product: autograd keeps the operands of a product, and DJL puts a Java number into memory that
 * may be collected while the pass is parked.
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
        // DJL passes null for the bias of a layer that has none.
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
