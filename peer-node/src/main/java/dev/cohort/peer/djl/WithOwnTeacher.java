package dev.cohort.peer.djl;

import dev.cohort.distill.OwnTeacher;
import dev.cohort.distill.Schedules;
import dev.cohort.peer.Learner;
import dev.cohort.protocol.Images;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A student that keeps a teacher of its own beside itself, of the same architecture, and says with its own opinion also the
 * teacher's. Teacher and count of updates are part of the snapshot, so a restored student goes on bit for bit.
 */
final class WithOwnTeacher implements Learner {
    private static final String TEACHER = "own_teacher/";
    private static final String UPDATES = "own_teacher.updates";

    private final DjlLearner student;
    private final DjlLearner teacher;
    private final OwnTeacher kind;
    private long updates;

    /** @param teacher with the initial weights of the student */
    WithOwnTeacher(DjlLearner student, DjlLearner teacher, OwnTeacher kind) {
        this.student = student;
        this.teacher = teacher;
        this.kind = kind;
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
        ForwardPass pass = student.forward(images);
        return new WithOpinion(pass, opinion(pass.outputs(), judged(images)));
    }

    private Tensor judged(Images images) {
        return kind instanceof OwnTeacher.Average
                ? teacher.judge(images)
                : teacher.infer(images).logits();
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
        if (kind instanceof OwnTeacher.Average average) {
            teacher.average(student, Schedules.emaDecay(updates, average.decayMax()));
        }
        updates++;
        if (kind instanceof OwnTeacher.Stale stale && updates % stale.everySteps() == 0) {
            teacher.load(student.snapshot());
        }
    }

    @Override
    public Outputs infer(Images images) {
        return opinion(student.infer(images), teacher.infer(images).logits());
    }

    @Override
    public NamedTensors snapshot() {
        SortedMap<String, Tensor> all = new TreeMap<>(student.snapshot().asMap());
        teacher.snapshot().asMap().forEach((name, tensor) -> all.put(TEACHER + name, tensor));
        all.put(UPDATES, Tensor.of(DType.FLOAT64, new double[] {updates}, 1));
        return NamedTensors.of(all);
    }

    @Override
    public void restore(NamedTensors snapshot) {
        SortedMap<String, Tensor> students = new TreeMap<>();
        SortedMap<String, Tensor> teachers = new TreeMap<>();
        snapshot.asMap().forEach((name, tensor) -> {
            if (name.startsWith(TEACHER)) {
                teachers.put(name.substring(TEACHER.length()), tensor);
            } else if (!name.equals(UPDATES)) {
                students.put(name, tensor);
            }
        });
        student.restore(NamedTensors.of(students));
        teacher.restore(NamedTensors.of(teachers));
        updates = (long) snapshot.get(UPDATES).at(0);
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
