package dev.cohort.peer.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.cohort.peer.Learner.ForwardPass;
import dev.cohort.peer.Learner.Output;
import dev.cohort.peer.Learner.Outputs;
import dev.cohort.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** A forward pass. The output arrays hold its graph and belong to its own manager. */
final class ParkedPass implements ForwardPass {
    private final DjlLearner learner;
    private final NDManager manager;
    private final SortedMap<String, NDArray> arrays = new TreeMap<>();
    private final ByteBuffer input;
    private final Outputs outputs;
    private boolean open = true;

    /** @param input the memory of the images, which the graph reads until it is freed */
    ParkedPass(DjlLearner learner, NDManager manager, NDList arrays, ByteBuffer input) {
        this.learner = learner;
        this.manager = manager;
        List<Output> declared = learner.declares();
        for (int i = 0; i < declared.size(); i++) {
            this.arrays.put(declared.get(i).name(), arrays.get(i));
        }
        this.input = input;
        outputs = learner.outputs(arrays.stream().map(Arrays::read).toList());
    }

    @Override
    public Outputs outputs() {
        return outputs;
    }

    /** The output of that name, with its graph. */
    NDArray array(String name) {
        return Optional.ofNullable(arrays.get(name)).orElseThrow();
    }

    /** The sum of the products of an output and its gradient, under autograd. */
    NDArray dot(String name, Tensor gradient) {
        NDArray output = array(name);
        NDArray seed = Arrays.write(manager, gradient, output.getDataType());
        try (NDArray product = output.mul(isMap(output.getShape()) ? channelsLast(seed) : seed)) {
            return product.sum();
        }
    }

    /** Whether it has pixels: a map of 1x1 is the same in both orders of {@link #channelsLast}. */
    private static boolean isMap(Shape shape) {
        return shape.dimension() == 4 && shape.get(2) * shape.get(3) > 1;
    }

    /**
     * The same values [N, C, H, W], in memory in NHWC order, as the networks have their maps. Autograd adds the other
     * gradients of a map to this one and keeps its order, by which the layers before choose their kernels: in another order
     * they would round otherwise than without this gradient.
     */
    private static NDArray channelsLast(NDArray nchw) {
        Shape shape = nchw.getShape();
        // The argument stays open: where a reshape were no copy, the result would read its memory.
        try (NDArray view = nchw.transpose(0, 2, 3, 1);
                NDArray copy = view.reshape(shape.size());
                NDArray nhwc = copy.reshape(shape.get(0), shape.get(2), shape.get(3), shape.get(1))) {
            return nhwc.transpose(0, 3, 1, 2);
        }
    }

    /** The values of the output of that name. */
    Tensor value(String name) {
        return outputs.tensors()
                .find(name)
                .or(() -> outputs.kept().tensors().find(name))
                .orElseThrow();
    }

    NDManager manager() {
        return manager;
    }

    ByteBuffer input() {
        return input;
    }

    boolean isOpen() {
        return open;
    }

    boolean belongsTo(DjlLearner other) {
        return learner == other;
    }

    @Override
    public void close() {
        if (open) {
            open = false;
            manager.close();
            learner.closed(this);
        }
    }
}
