package dev.cohort.peer.djl;

import dev.cohort.distill.OwnTeacher;
import dev.cohort.distill.Schedules;
import dev.cohort.protocol.Images;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Teaches with earlier weights of the student: their moving average ({@link OwnTeacher.Average}) or a periodic copy ({@link
 * OwnTeacher.Stale}).
 */
final class TrailingTeacher implements TeacherNetwork {
    private static final String TEACHER = "own_teacher/";
    private static final String UPDATES = "own_teacher.updates";

    private final DjlLearner network;
    private final OwnTeacher kind;
    private long updates;

    /** @param network with the initial weights of the student */
    TrailingTeacher(DjlLearner network, OwnTeacher kind) {
        this.network = network;
        this.kind = kind;
    }

    @Override
    public Optional<Tensor> batchLogits(Images images, long step) {
        return kind instanceof OwnTeacher.Average ? Optional.of(network.trainingLogits(images)) : testLogits(images);
    }

    @Override
    public Optional<Tensor> testLogits(Images images) {
        return Optional.of(network.infer(images).logits());
    }

    @Override
    public void follow(DjlLearner student) {
        if (kind instanceof OwnTeacher.Average average) {
            network.average(student, Schedules.emaDecay(updates, average.decayMax()));
        }
        updates++;
        if (kind instanceof OwnTeacher.Stale stale && updates % stale.everySteps() == 0) {
            network.load(student.snapshot());
        }
    }

    @Override
    public NamedTensors state() {
        SortedMap<String, Tensor> state = new TreeMap<>();
        network.snapshot().asMap().forEach((name, tensor) -> state.put(TEACHER + name, tensor));
        state.put(UPDATES, Tensor.of(DType.FLOAT64, new double[] {updates}, 1));
        return NamedTensors.of(state);
    }

    @Override
    public boolean owns(String name) {
        return name.startsWith(TEACHER) || name.equals(UPDATES);
    }

    @Override
    public void restore(NamedTensors state) {
        SortedMap<String, Tensor> weights = new TreeMap<>();
        state.asMap().forEach((name, tensor) -> {
            if (name.startsWith(TEACHER)) {
                weights.put(name.substring(TEACHER.length()), tensor);
            }
        });
        network.restore(NamedTensors.of(weights));
        updates = (long) state.get(UPDATES).at(0);
    }

    @Override
    public void close() {
        network.close();
    }
}
