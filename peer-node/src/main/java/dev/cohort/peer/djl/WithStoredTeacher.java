package dev.cohort.peer.djl;

import dev.cohort.distill.OwnTeacher;
import dev.cohort.peer.Learner;
import dev.cohort.peer.checkpoint.StoredNetwork;
import dev.cohort.protocol.Images;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A student beside a stored network that learns nothing more, or several of which one is drawn for each batch; it says with its
 * own opinion also that network's. The teachers are no part of the snapshot: they come from their own files.
 */
final class WithStoredTeacher implements Learner {
    private final DjlLearner student;
    private final List<DjlLearner> teachers;
    private final OwnTeacher.Frozen frozen;
    private Optional<Opinion> newest = Optional.empty();

    /** What the teacher said of images, which are often the same again: those of the test. */
    private record Opinion(Images images, Tensor logits) {}

    private WithStoredTeacher(DjlLearner student, List<DjlLearner> teachers, OwnTeacher.Frozen frozen) {
        this.student = student;
        this.teachers = List.copyOf(teachers);
        this.frozen = frozen;
    }

    /**
     * @param setting of the student
     * @throws IllegalArgumentException when a checkpoint cannot be read, or there is none for such a student
     */
    static WithStoredTeacher of(LearnerSetting setting, OwnTeacher.Frozen frozen) {
        List<StoredNetwork> networks =
                frozen.checkpoints().stream().map(c -> read(c, setting)).toList();
        if (frozen.choice() == OwnTeacher.Frozen.Choice.OF_ITS_MODEL) {
            networks = networks.stream()
                    .filter(n -> n.about().model().equals(setting.model()))
                    .limit(1)
                    .toList();
        }
        if (networks.isEmpty()) {
            throw new IllegalArgumentException("model " + setting.model()
                    + ": must have a stored teacher of its own kind, and " + frozen.checkpoints()
                    + " are of other models");
        }
        List<DjlLearner> teachers = new ArrayList<>();
        try {
            for (StoredNetwork network : networks) {
                DjlLearner teacher = new DjlLearner(setting.of(network.about()));
                teachers.add(teacher);
                teacher.restore(network.weights());
            }
            return new WithStoredTeacher(new DjlLearner(setting), teachers, frozen);
        } catch (IllegalArgumentException e) {
            teachers.forEach(DjlLearner::close);
            throw e;
        }
    }

    private static StoredNetwork read(String checkpoint, LearnerSetting setting) {
        try {
            StoredNetwork network = StoredNetwork.read(checkpoint);
            boolean fits = network.about().classes() == setting.classes()
                    && network.about().image().equals(setting.image());
            if (!fits) {
                throw new IllegalArgumentException("stored teacher " + checkpoint + ": " + network.about()
                        + " must tell " + setting.classes() + " classes of images " + setting.image());
            }
            return network;
        } catch (IOException e) {
            throw new IllegalArgumentException("stored teacher " + checkpoint + ": " + e.getMessage(), e);
        }
    }

    @Override
    public List<Output> declares() {
        return student.declares();
    }

    @Override
    public String device() {
        return student.device();
    }

    @Override
    public ForwardPass forward(Images images) {
        return forward(images, 1);
    }

    @Override
    public ForwardPass forward(Images images, long step) {
        ForwardPass pass = student.forward(images);
        DjlLearner teacher = teachers.get(drawn() ? frozen.drawn(step) : 0);
        return new WithOpinion(
                pass, opinion(pass.outputs(), teacher.infer(images).logits()));
    }

    private boolean drawn() {
        return frozen.choice() == OwnTeacher.Frozen.Choice.DRAWN;
    }

    private static Outputs opinion(Outputs own, Tensor teachers) {
        return own.withOwnTeacher(teachers);
    }

    /** A pass of the student and what the teacher said of the same images. */
    private record WithOpinion(ForwardPass pass, Outputs outputs) implements ForwardPass {
        @Override
        public void close() {
            pass.close();
        }
    }

    @Override
    public void backward(ForwardPass pass, NamedTensors gradients) {
        if (!(pass instanceof WithOpinion ours)) {
            throw new IllegalArgumentException("forward pass of another learner");
        }
        student.backward(ours.pass(), gradients);
    }

    @Override
    public void update(double learningRate) {
        student.update(learningRate);
    }

    /** Several teachers have no one opinion of test images. */
    @Override
    public Outputs infer(Images images) {
        if (drawn()) {
            return student.infer(images);
        }
        Opinion said = newest.filter(known -> known.images().equals(images))
                .orElseGet(
                        () -> new Opinion(images, teachers.get(0).infer(images).logits()));
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
        teachers.forEach(DjlLearner::close);
    }
}
