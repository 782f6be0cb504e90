package dev.cohort.exact;

import dev.cohort.peer.Learner;
import dev.cohort.peer.djl.DjlLearner;
import dev.cohort.protocol.Images;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.NamedTensors;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** The learner of a peer, which records every update and changes nothing. */
final class RecordingLearner implements Learner {
    private final Learner learner;
    private final Supplier<NamedTensors> gradients;
    private final int student;
    private final Recording recording;
    private Optional<Images> images = Optional.empty();
    private NamedTensors before;

    RecordingLearner(DjlLearner learner, int student, Recording recording) {
        this(learner, learner::gradients, student, recording);
    }

    /** @param gradients those that the learner has collected; none if it keeps them to itself */
    RecordingLearner(Learner learner, Supplier<NamedTensors> gradients, int student, Recording recording) {
        this.learner = learner;
        this.gradients = gradients;
        this.student = student;
        this.recording = recording;
        before = learner.snapshot();
    }

    @Override
    public List<Output> declares() {
        return learner.declares();
    }

    @Override
    public String device() {
        return learner.device();
    }

    @Override
    public ForwardPass forward(Images batch) {
        before = learner.snapshot();
        images = Optional.of(batch);
        return learner.forward(batch);
    }

    @Override
    public ForwardPass forward(Images batch, long step) {
        before = learner.snapshot();
        images = Optional.of(batch);
        return learner.forward(batch, step);
    }

    @Override
    public void backward(ForwardPass pass, NamedTensors ofOutputs) {
        learner.backward(pass, ofOutputs);
    }

    @Override
    public void update(double learningRate) {
        NamedTensors collected = gradients.get();
        learner.update(learningRate);
        NamedTensors after = learner.snapshot();
        recording.updated(student, new Recording.Update(images.orElseThrow(), before, collected, after));
    }

    @Override
    public Outputs infer(Images batch) {
        return learner.infer(batch);
    }

    @Override
    public NamedTensors snapshot() {
        return learner.snapshot();
    }

    @Override
    public void restore(NamedTensors snapshot) {
        learner.restore(snapshot);
    }

    @Override
    public Digest weights() {
        return learner.weights();
    }

    @Override
    public void close() {
        learner.close();
    }
}
