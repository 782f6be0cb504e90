package dev.cohort.simulation;

import dev.cohort.peer.Learner;
import dev.cohort.protocol.Images;
import dev.cohort.protocol.TensorName;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/** Reports each update of a learner, and how long its work takes in virtual time. */
final class RecordingLearner implements Learner {
    private final Learner inner;
    private final long computeMs;
    private final Consumer<Update> updates;
    private final List<Gradient> gradients = new ArrayList<>();
    private long spentMs;
    private boolean diverged;

    /** What went back through one forward pass. */
    record Gradient(Digest images, NamedTensors of) {}

    /** One update, from the gradients since the last. */
    record Update(List<Gradient> gradients, double learningRate, Digest weights) {
        Update {
            gradients = List.copyOf(gradients);
        }
    }

    private record Pass(ForwardPass inner, Digest images, Outputs outputs) implements ForwardPass {

        @Override
        public void close() {
            inner.close();
        }
    }

    RecordingLearner(Learner inner, long computeMs, Consumer<Update> updates) {
        this.inner = inner;
        this.computeMs = computeMs;
        this.updates = updates;
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

    /** From now on its outputs are not finite. */
    void diverge() {
        diverged = true;
    }

    private Outputs seen(Outputs outputs) {
        return diverged
                ? new Outputs(
                        outputs.tensors()
                                .with(TensorName.LOGITS, notFinite(outputs.logits()))
                                .with(TensorName.FEATURES, notFinite(outputs.features())),
                        outputs.kept())
                : outputs;
    }

    private static Tensor notFinite(Tensor tensor) {
        double[] values = tensor.toDoubles();
        Arrays.fill(values, Double.NaN);
        return Tensor.of(tensor.dtype(), values, tensor.shape().toArray());
    }

    @Override
    public List<Output> declares() {
        return inner.declares();
    }

    @Override
    public String device() {
        return inner.device();
    }

    @Override
    public ForwardPass forward(Images images) {
        spentMs += computeMs;
        ForwardPass pass = inner.forward(images);
        return new Pass(pass, images.digest(), seen(pass.outputs()));
    }

    @Override
    public void backward(ForwardPass pass, NamedTensors of) {
        if (!(pass instanceof Pass recorded)) {
            throw new IllegalArgumentException("forward pass of another learner");
        }
        inner.backward(recorded.inner(), of);
        gradients.add(new Gradient(recorded.images(), of));
    }

    @Override
    public void update(double learningRate) {
        spentMs += computeMs;
        inner.update(learningRate);
        updates.accept(new Update(gradients, learningRate, inner.weights()));
        gradients.clear();
    }

    @Override
    public Outputs infer(Images images) {
        spentMs += computeMs;
        return seen(inner.infer(images));
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
