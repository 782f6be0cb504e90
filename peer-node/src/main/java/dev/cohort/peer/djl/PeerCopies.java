package dev.cohort.peer.djl;

import dev.cohort.distill.OwnTeacher;
import dev.cohort.distill.Softmax;
import dev.cohort.peer.Learner;
import dev.cohort.protocol.Images;
import dev.cohort.protocol.TensorName;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A student that runs copies of the other students beside itself ({@link OwnTeacher.Others}). One network runs all copies, one
 * after the other; the copies are part of the snapshot, so a restored student goes on bit for bit.
 */
final class PeerCopies implements Learner {
    private static final String COPY = "copy/";

    private final DjlLearner student;
    private final DjlLearner runner;
    private final OwnTeacher.Others kind;
    private final int classes;
    /** Weights by slot. */
    private final SortedMap<Integer, NamedTensors> copies = new TreeMap<>();

    /** @param runner of the student's architecture; its weights do not matter */
    PeerCopies(DjlLearner student, DjlLearner runner, OwnTeacher.Others kind, int classes) {
        this.student = student;
        this.runner = runner;
        this.kind = kind;
        this.classes = classes;
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
        Optional<Tensor> others = opinion(images);
        return new WithOpinion(student.forward(images), others);
    }

    /** {@code T ln mean_j softmax_T(z_j)} [N, C]; empty while there is no copy. */
    private Optional<Tensor> opinion(Images images) {
        double[] sum = new double[images.count() * classes];
        for (NamedTensors copy : copies.values()) {
            runner.load(copy);
            double[] p = Softmax.probabilities(runner.infer(images).logits().toDoubles(), classes, kind.temperature());
            for (int i = 0; i < sum.length; i++) {
                sum[i] += p[i];
            }
        }
        if (copies.isEmpty()) {
            return Optional.empty();
        }
        for (int i = 0; i < sum.length; i++) {
            sum[i] = kind.temperature() * StrictMath.log(sum[i] / copies.size());
        }
        return Optional.of(Tensor.of(DType.FLOAT64, sum, images.count(), classes));
    }

    /** A pass of the student and what the copies said of the same images. */
    private record WithOpinion(ForwardPass pass, Optional<Tensor> others) implements ForwardPass {
        @Override
        public Outputs outputs() {
            Outputs own = pass.outputs();
            return others.map(own::withOwnTeacher).orElse(own);
        }

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

    @Override
    public Outputs infer(Images images) {
        Outputs own = student.infer(images);
        return opinion(images).map(own::withOwnTeacher).orElse(own);
    }

    @Override
    public NamedTensors handedOver(long step) {
        SortedMap<String, Tensor> weights = new TreeMap<>();
        if (kind.exchangesAt(step)) {
            student.snapshot().asMap().forEach((name, tensor) -> {
                if (!name.startsWith(DjlLearner.MOMENTUM)) {
                    weights.put(TensorName.WEIGHTS + name, tensor);
                }
            });
        }
        return NamedTensors.of(weights);
    }

    @Override
    public void takeUp(SortedMap<Integer, NamedTensors> handed) {
        handed.forEach((slot, weights) -> {
            if (runner.fits(weights)) {
                copies.put(slot, weights);
            }
        });
    }

    @Override
    public NamedTensors snapshot() {
        SortedMap<String, Tensor> all = new TreeMap<>(student.snapshot().asMap());
        copies.forEach(
                (slot, copy) -> copy.asMap().forEach((name, tensor) -> all.put(COPY + slot + "/" + name, tensor)));
        return NamedTensors.of(all);
    }

    @Override
    public void restore(NamedTensors snapshot) {
        SortedMap<String, Tensor> own = new TreeMap<>();
        SortedMap<Integer, SortedMap<String, Tensor>> others = new TreeMap<>();
        snapshot.asMap().forEach((name, tensor) -> {
            if (name.startsWith(COPY)) {
                String[] parts = name.substring(COPY.length()).split("/", 2);
                others.computeIfAbsent(Integer.valueOf(parts[0]), slot -> new TreeMap<>())
                        .put(parts[1], tensor);
            } else {
                own.put(name, tensor);
            }
        });
        student.restore(NamedTensors.of(own));
        copies.clear();
        others.forEach((slot, weights) -> copies.put(slot, NamedTensors.of(weights)));
    }

    @Override
    public Digest weights() {
        return student.weights();
    }

    @Override
    public void close() {
        student.close();
        runner.close();
    }
}
