package dev.cohort.peer.djl;

import dev.cohort.distill.OwnTeacher;
import dev.cohort.peer.Learner;
import dev.cohort.peer.checkpoint.StoredNetwork;
import dev.cohort.protocol.Images;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.io.IOException;
import java.util.Optional;

/**
 * A student beside a stored network that learns nothing more, and says with its own opinion also that network's. The teacher is
 * no part of the snapshot: it comes from its own file.
 */
final class StoredTaught implements Learner {
    private final DjlLearner student;
    private final DjlLearner teacher;
    private Optional<Opinion> newest = Optional.empty();

    /** What the teacher said of images, which are often the same again: those of the test. */
    private record Opinion(Images images, Tensor logits) {}

    private StoredTaught(DjlLearner student, DjlLearner teacher) {
        this.student = student;
        this.teacher = teacher;
    }

    /**
     * @param setting of the student
     * @throws IllegalArgumentException when a checkpoint cannot be read, or there is none for such a student
     */
    static StoredTaught of(LearnerSetting setting, OwnTeacher.Frozen frozen) {
        StoredNetwork network = chosen(setting, frozen);
        boolean fits = network.about().classes() == setting.classes()
                && network.about().image().equals(setting.image());
        if (!fits) {
            throw new IllegalArgumentException("stored teachers " + frozen.checkpoints() + ": " + network.about()
                    + " must tell " + setting.classes() + " classes of images " + setting.image());
        }
        DjlLearner teacher = new DjlLearner(setting.of(network.about()));
        try {
            teacher.restore(network.weights());
            return new StoredTaught(new DjlLearner(setting), teacher);
        } catch (IllegalArgumentException e) {
            teacher.close();
            throw e;
        }
    }

    private static StoredNetwork chosen(LearnerSetting setting, OwnTeacher.Frozen frozen) {
        for (String checkpoint : frozen.checkpoints()) {
            StoredNetwork network = read(checkpoint);
            boolean fits = frozen.choice() == OwnTeacher.Frozen.Choice.ONLY
                    || network.about().model().equals(setting.model());
            if (fits) {
                return network;
            }
        }
        throw new IllegalArgumentException("model " + setting.model()
                + ": must have a stored teacher of its own kind, and " + frozen.checkpoints() + " are of other models");
    }

    private static StoredNetwork read(String checkpoint) {
        try {
            return StoredNetwork.read(checkpoint);
        } catch (IOException e) {
            throw new IllegalArgumentException("stored teacher " + checkpoint + ": " + e.getMessage(), e);
        }
    }

    @Override
    public int featureWidth() {
        return student.featureWidth();
    }

    @Override
    public String device() {
        return student.device();
    }

    @Override
    public ForwardPass forward(Images images) {
        ForwardPass pass = student.forward(images);
        return new WithOpinion(
                pass, opinion(pass.outputs(), teacher.infer(images).logits()));
    }

    private static Outputs opinion(Outputs own, Tensor teachers) {
        return new Outputs(own.logits(), own.features(), Optional.of(teachers));
    }

    /** A pass of the student and what the teacher said of the same images. */
    private record WithOpinion(ForwardPass pass, Outputs outputs) implements ForwardPass {
        @Override
        public void close() {
            pass.close();
        }
    }

    @Override
    public void backward(ForwardPass pass, Tensor logitsGradient, Optional<Tensor> featuresGradient) {
        if (!(pass instanceof WithOpinion ours)) {
            throw new IllegalArgumentException("forward pass of another learner");
        }
        student.backward(ours.pass(), logitsGradient, featuresGradient);
    }

    @Override
    public void update(double learningRate) {
        student.update(learningRate);
    }

    @Override
    public Outputs infer(Images images) {
        Opinion said = newest.filter(known -> known.images().equals(images))
                .orElseGet(() -> new Opinion(images, teacher.infer(images).logits()));
        newest = Optional.of(said);
        return opinion(student.infer(images), said.logits());
    }

    @Override
    public NamedTensors snapshot() {
        return student.snapshot();
    }

    @Override
    public void restore(NamedTensors snapshot) {
        student.restore(snapshot);
    }

    @Override
    public Digest weights() {
        return student.weights();
    }

    @Override
    public void close() {
        student.close();
        teacher.close();
    }
}
