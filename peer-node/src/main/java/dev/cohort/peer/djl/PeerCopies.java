package dev.cohort.peer.djl;

import dev.cohort.distill.OwnTeacher;
import dev.cohort.distill.Softmax;
import dev.cohort.protocol.Images;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Teaches with copies of the other students ({@link OwnTeacher.Others}). One network runs all copies, one after another; the
 * copies are the state of this teacher.
 */
final class PeerCopies implements TeacherNetwork {
    private static final String COPY = "copy/";

    private final DjlLearner runner;
    private final OwnTeacher.Others kind;
    private final int classes;
    /** Weights by slot. */
    private final SortedMap<Integer, NamedTensors> copies = new TreeMap<>();

    /** @param runner of the student's architecture; its weights do not matter */
    PeerCopies(DjlLearner runner, OwnTeacher.Others kind, int classes) {
        this.runner = runner;
        this.kind = kind;
        this.classes = classes;
    }

    @Override
    public Optional<Tensor> batchLogits(Images images, long step) {
        return testLogits(images);
    }

    /** {@code T ln mean_j softmax_T(z_j)} [N, C]; empty before the first copy. */
    @Override
    public Optional<Tensor> testLogits(Images images) {
        if (copies.isEmpty()) {
            return Optional.empty();
        }
        double[] sum = new double[images.count() * classes];
        for (NamedTensors copy : copies.values()) {
            runner.load(copy);
            double[] p = Softmax.probabilities(runner.infer(images).logits().toDoubles(), classes, kind.temperature());
            for (int i = 0; i < sum.length; i++) {
                sum[i] += p[i];
            }
        }
        for (int i = 0; i < sum.length; i++) {
            sum[i] = kind.temperature() * StrictMath.log(sum[i] / copies.size());
        }
        return Optional.of(Tensor.of(DType.FLOAT64, sum, images.count(), classes));
    }

    @Override
    public boolean exchangesAt(long step) {
        return kind.exchangesAt(step);
    }

    @Override
    public void receive(SortedMap<Integer, NamedTensors> published) {
        published.forEach((slot, weights) -> {
            if (runner.fits(weights)) {
                copies.put(slot, weights);
            }
        });
    }

    @Override
    public NamedTensors state() {
        SortedMap<String, Tensor> state = new TreeMap<>();
        copies.forEach(
                (slot, copy) -> copy.asMap().forEach((name, tensor) -> state.put(COPY + slot + "/" + name, tensor)));
        return NamedTensors.of(state);
    }

    @Override
    public boolean owns(String name) {
        return name.startsWith(COPY);
    }

    @Override
    public void restore(NamedTensors state) {
        SortedMap<Integer, SortedMap<String, Tensor>> bySlot = new TreeMap<>();
        state.asMap().forEach((name, tensor) -> {
            String[] parts = name.substring(COPY.length()).split("/", 2);
            bySlot.computeIfAbsent(Integer.valueOf(parts[0]), slot -> new TreeMap<>())
                    .put(parts[1], tensor);
        });
        copies.clear();
        bySlot.forEach((slot, weights) -> copies.put(slot, NamedTensors.of(weights)));
    }

    @Override
    public void close() {
        runner.close();
    }
}
