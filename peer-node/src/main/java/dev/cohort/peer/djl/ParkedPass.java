package dev.cohort.peer.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
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
