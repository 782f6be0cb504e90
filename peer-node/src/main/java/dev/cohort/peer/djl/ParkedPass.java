package dev.cohort.peer.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.cohort.peer.Learner.ForwardPass;
import dev.cohort.peer.Learner.Outputs;
import java.nio.ByteBuffer;

/** A forward pass whose graph hangs on the two output arrays, which belong to a manager of its own. */
final class ParkedPass implements ForwardPass {
    private final DjlLearner learner;
    private final NDManager manager;
    private final NDArray logits;
    private final NDArray features;
    private final ByteBuffer input;
    private final Outputs outputs;
    private boolean open = true;

    /** @param input the memory of the images, which the graph reads until it is freed */
    ParkedPass(DjlLearner learner, NDManager manager, NDArray logits, NDArray features, ByteBuffer input) {
        this.learner = learner;
        this.manager = manager;
        this.logits = logits;
        this.features = features;
        this.input = input;
        outputs = new Outputs(Arrays.read(logits), Arrays.read(features));
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
