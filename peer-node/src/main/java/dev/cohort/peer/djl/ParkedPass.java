package dev.cohort.peer.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import dev.cohort.peer.Learner.ForwardPass;
import dev.cohort.peer.Learner.Outputs;
import java.nio.ByteBuffer;
import java.util.Optional;

/** A forward pass whose graph hangs on the output arrays, which belong to a manager of its own. */
final class ParkedPass implements ForwardPass {
    private final DjlLearner learner;
    private final NDManager manager;
    private final NDArray logits;
    private final NDArray features;
    private final Optional<NDArray> branches;
    private final ByteBuffer input;
    private final Outputs outputs;
    private boolean open = true;

    /** @param input the memory of the images, which the graph reads until it is freed */
    ParkedPass(DjlLearner learner, NDManager manager, NDList arrays, ByteBuffer input) {
        this.learner = learner;
        this.manager = manager;
        logits = arrays.get(0);
        features = arrays.get(1);
        branches = arrays.size() > 2 ? Optional.of(arrays.get(2)) : Optional.empty();
        this.input = input;
        outputs = learner.outputs(Arrays.read(logits), Arrays.read(features), branches.map(Arrays::read));
    }

    @Override
    public Outputs outputs() {
        return outputs;
    }

    NDArray logits() {
        return logits;
    }

    NDArray features() {
        return features;
    }

    Optional<NDArray> branches() {
        return branches;
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
