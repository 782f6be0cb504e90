package dev.cohort.simulation;

import dev.cohort.peer.Learner;
import dev.cohort.protocol.Images;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** A learner that tells of each update it makes, and how long its work takes in virtual time. */
final class RecordingLearner implements Learner {
    private final Learner inner;
    private final long computeMs;
    private final Consumer<Update> told;
    private final List<Gradient> gradients = new ArrayList<>();
    private long spentMs;

    /** What went back through one forward pass. */
    record Gradient(Digest images, Tensor logits, Optional<Tensor> features) {}

    /** One update, from the gradients since the last. */
    record Update(List<Gradient> gradients, double learningRate, Digest weights) {
        Update {
            gradients = List.copyOf(gradients);
        }
    }

    private record Pass(ForwardPass inner, Digest images) implements ForwardPass {
        @Override
        public Outputs outputs() {
            return inner.outputs();
        }

        @Override
        public void close() {
            inner.close();
        }
    }

    RecordingLearner(Learner inner, long computeMs, Consumer<Update> told) {
        this.inner = inner;
        this.computeMs = computeMs;
        this.told = told;
    }

    /** How long it has worked since it was last asked. */
    long takeSpentMs() {
        long spent = spentMs;
        spentMs = 0;
        return spent;
    }

    /** The work that is under way, or the next, takes that much longer. */
    void stall(long forMs) {
        spentMs += forMs;
    }

    @Override
    public int featureWidth() {
        return inner.featureWidth();
    }

    @Override
    public String device() {
        return inner.device();
    }

    @Override
    public ForwardPass forward(Images images) {
        spentMs += computeMs;
        return new Pass(inner.forward(images), images.digest());
    }

    @Override
    public void backward(ForwardPass pass, Tensor logitsGradient, Optional<Tensor> featuresGradient) {
        if (!(pass instanceof Pass recorded)) {
            throw new IllegalArgumentException("forward pass of another learner");
        }
        inner.backward(recorded.inner(), logitsGradient, featuresGradient);
        gradients.add(new Gradient(recorded.images(), logitsGradient, featuresGradient));
    }

    @Override
    public void update(double learningRate) {
        spentMs += computeMs;
        inner.update(learningRate);
        told.accept(new Update(gradients, learningRate, inner.weights()));
        gradients.clear();
    }

    @Override
    public Outputs infer(Images images) {
        spentMs += computeMs;
        return inner.infer(images);
    }

    @Override
    public NamedTensors snapshot() {
        return inner.snapshot();
    }

    @Override
    public void restore(NamedTensors snapshot) {
        inner.restore(snapshot);
    }

    @Override
    public Digest weights() {
        return inner.weights();
    }

    @Override
    public void close() {
        inner.close();
    }
}
