package dev.cohort.peer.djl;

import dev.cohort.peer.Learner;
import dev.cohort.protocol.Images;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Adds a teacher to a student: each pass also outputs the teacher's logits for the same images. The teacher never
 * changes how the student trains. Its state is part of the snapshot, so a restored student continues bit for bit.
 */
final class TaughtStudent implements Learner {
    private final DjlLearner student;
    private final TeacherNetwork teacher;

    TaughtStudent(DjlLearner student, TeacherNetwork teacher) {
        this.student = student;
        this.teacher = teacher;
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
        return new TaughtPass(pass, taught(pass.outputs(), teacher.batchLogits(images, step)));
    }

    private static Outputs taught(Outputs own, Optional<Tensor> teacherLogits) {
        return teacherLogits.map(own::withOwnTeacher).orElse(own);
    }

    /** A pass of the student with the teacher's logits among its outputs. */
    private record TaughtPass(ForwardPass pass, Outputs outputs) implements ForwardPass {
        @Override
        public void close() {
            pass.close();
        }
    }

    @Override
    public void backward(ForwardPass pass, NamedTensors gradients) {
        if (!(pass instanceof TaughtPass ours)) {
            throw new IllegalArgumentException("forward pass of another learner");
        }
        student.backward(ours.pass(), gradients);
    }

    @Override
    public void update(double learningRate) {
        student.update(learningRate);
        teacher.follow(student);
    }

    @Override
    public Outputs infer(Images images) {
        return taught(student.infer(images), teacher.testLogits(images));
    }

    @Override
    public NamedTensors handedOver(long step) {
        return teacher.exchangesAt(step) ? student.transferableWeights() : NamedTensors.none();
    }

    @Override
    public void takeUp(SortedMap<Integer, NamedTensors> copies) {
        teacher.receive(copies);
    }

    @Override
    public NamedTensors snapshot() {
        SortedMap<String, Tensor> all = new TreeMap<>(student.snapshot().asMap());
        all.putAll(teacher.state().asMap());
        return NamedTensors.of(all);
    }

    @Override
    public void restore(NamedTensors snapshot) {
        SortedMap<String, Tensor> students = new TreeMap<>();
        SortedMap<String, Tensor> teachers = new TreeMap<>();
        snapshot.asMap().forEach((name, tensor) -> (teacher.owns(name) ? teachers : students).put(name, tensor));
        student.restore(NamedTensors.of(students));
        teacher.restore(NamedTensors.of(teachers));
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
