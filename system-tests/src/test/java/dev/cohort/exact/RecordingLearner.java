package dev.cohort.exact;

import dev.cohort.peer.Learner;
import dev.cohort.peer.djl.DjlLearner;
import dev.cohort.protocol.Images;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.NamedTensors;
import java.util.List;
import java.util.Optional;

/** The learner of a peer, which records every update and changes nothing. */
final class RecordingLearner implements Learner {
    private final DjlLearner learner;
    private final int student;
    private final Recording recording;
    private Optional<Images> images = Optional.empty();
    private NamedTensors before;

    RecordingLearner(DjlLearner learner, int student, Recording recording) {
        this.learner = learner;
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
    public void backward(ForwardPass pass, NamedTensors gradients) {
        learner.backward(pass, gradients);
    }

    @Override
    public void update(double learningRate) {
        NamedTensors gradients = learner.gradients();
        learner.update(learningRate);
        NamedTensors after = learner.snapshot();
        recording.updated(student, new Recording.Update(images.orElseThrow(), before, gradients, after));
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
