package dev.cohort.peer.external;

import dev.cohort.peer.Learner;
import dev.cohort.protocol.Images;
import dev.cohort.protocol.NodeFailure;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.wire.proto.LearnerWire;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A student whose network, optimizer and device belong to another process, which is started here or listens already.
 *
 * <p>Equal calls on equal weights give equal bits as long as the framework, the device and the number of threads are equal.
 */
public final class ExternalLearner implements Learner {
    private final ExternalSetting setting;
    private final LearnerSession session;
    private final LearnerWire.Ready ready;
    private final List<Output> outputs;
    private final SortedMap<Long, Pass> parked = new TreeMap<>();
    private long passes;
    private boolean hasGradients;

    private ExternalLearner(ExternalSetting setting, LearnerSession session, Duration startLimit) {
        this.setting = setting;
        this.session = session;
        try {
            ready = session.hello(setting.hello(), startLimit);
            outputs = declared();
        } catch (RuntimeException e) {
            session.close();
            throw e;
        }
    }

    /**
     * Starts the interpreter and waits until the network is made.
     *
     * @throws IllegalArgumentException when the interpreter, a package, the model, its weights or the device cannot be had, or
     *     the network cannot be a student; the message says what to do
     */
    public static ExternalLearner start(ExternalSetting setting, Interpreter interpreter) {
        return new ExternalLearner(setting, LearnerSession.start(setting, interpreter), interpreter.startLimit());
    }

    /**
     * Connects to a training loop of the user's own, which listens at {@code socket}.
     *
     * @param replyLimit of every request
     * @throws IllegalArgumentException as {@link #start} does, and when nobody listens there
     */
    public static ExternalLearner connect(ExternalSetting setting, Path socket, Duration replyLimit) {
        return new ExternalLearner(setting, LearnerSession.connect(setting, socket, replyLimit), replyLimit);
    }

    private List<Output> declared() {
        if (ready.getVersion() != ExternalSetting.VERSION) {
            throw session.failed(
                    new IllegalArgumentException("the learner of " + setting.model() + " has learner protocol "
                            + ready.getVersion() + ": must be " + ExternalSetting.VERSION
                            + "; install the cohort-learner that came with this version of Cohort"));
        }
        List<Output> all = ready.getOutputsList().stream()
                .map(o -> new Output(o.getName(), WireTensors.shape(o.getRowShapeList()), o.getPublished()))
                .toList();
        requirePublic(all, TensorName.LOGITS, "[" + setting.classes() + "]", Ints.of(setting.classes()));
        int width = find(all, TensorName.FEATURES)
                .filter(features -> features.rowShape().size() == 1)
                .map(features -> features.rowShape().get(0))
                .orElse(0);
        requirePublic(all, TensorName.FEATURES, "[D] with D of at least 1", Ints.of(Math.max(1, width)));
        return all;
    }

    private void requirePublic(List<Output> all, String name, String shape, Ints rowShape) {
        Optional<Output> output = find(all, name);
        if (output.filter(o -> o.isPublic() && o.rowShape().equals(rowShape)).isEmpty()) {
            throw session.failed(new IllegalArgumentException("the learner of " + setting.model() + " declares "
                    + output.map(Output::toString).orElse("no " + name) + ": must declare published " + name
                    + " of row shape " + shape));
        }
    }

    private static Optional<Output> find(List<Output> all, String name) {
        return all.stream().filter(output -> output.name().equals(name)).findFirst();
    }

    @Override
    public List<Output> declares() {
        return outputs;
    }

    @Override
    public String device() {
        return ready.getDevice();
    }

    /** Name and version of the framework, such as {@code pytorch 2.7.1}. */
    public String framework() {
        return ready.getFramework();
    }

    /** Numbers in all parameters. */
    public long parameters() {
        return ready.getParameters();
    }

    /** Numbers in the trained parameters. */
    public long trained() {
        return ready.getTrained();
    }

    @Override
    public ForwardPass forward(Images images) {
        return forward(images, 0);
    }

    @Override
    public ForwardPass forward(Images images, long step) {
        requireFitting(images);
        long id = ++passes;
        LearnerWire.Request.Builder request = LearnerWire.Request.newBuilder()
                .setForward(LearnerWire.Forward.newBuilder().setPassId(id).setStep(step));
        Pass pass = new Pass(this, id, outputs("Forward of step " + step, request, images));
        parked.put(id, pass);
        return pass;
    }

    @Override
    public void backward(ForwardPass pass, NamedTensors gradients) {
        backward(pass, gradients, 0);
    }

    @Override
    public void backward(ForwardPass pass, NamedTensors gradients, double loss) {
        Pass ours = requireOpen(pass);
        SortedMap<String, Tensor> sent = new TreeMap<>();
        gradients.asMap().forEach((name, gradient) -> {
            Tensor output = ours.all()
                    .find(name)
                    .orElseThrow(() ->
                            new IllegalArgumentException("gradient of " + name + ": the outputs of this student are "
                                    + ours.all().asMap().keySet()));
            if (!output.shape().equals(gradient.shape())) {
                throw new IllegalArgumentException("gradient of the " + name + " of shape " + gradient.shape()
                        + ": must be " + output.shape() + ", the shape of the output");
            }
            sent.put(name, gradient.as(setting.dtype()));
        });
        parked.remove(ours.id);
        session.command(
                "Backward of pass " + ours.id,
                LearnerWire.Request.newBuilder()
                        .setBackward(LearnerWire.Backward.newBuilder()
                                .setPassId(ours.id)
                                .setLoss(loss)),
                WireTensors.of(NamedTensors.of(sent)));
        hasGradients = true;
    }

    @Override
    public void update(double learningRate) {
        if (!hasGradients) {
            throw new IllegalStateException("update without a gradient: backward must come first");
        }
        session.command(
                "Update",
                LearnerWire.Request.newBuilder()
                        .setUpdate(LearnerWire.Update.newBuilder().setRate(learningRate)),
                WireTensors.NONE);
        hasGradients = false;
    }

    @Override
    public Outputs infer(Images images) {
        requireFitting(images);
        LearnerWire.Request.Builder request =
                LearnerWire.Request.newBuilder().setInfer(LearnerWire.Infer.getDefaultInstance());
        return outputs("Infer of " + images.count() + " images", request, images);
    }

    private Outputs outputs(String doing, LearnerWire.Request.Builder request, Images images) {
        NamedTensors all = named(
                doing, session.expect(doing, LearnerWire.Reply.BodyCase.OUTPUTS, request, WireTensors.of(images)));
        SortedMap<String, Tensor> published = new TreeMap<>();
        SortedMap<String, Tensor> kept = new TreeMap<>();
        for (Output output : outputs) {
            Tensor tensor = all.find(output.name())
                    .filter(t -> fits(t, output, images.count()))
                    .orElseThrow(() -> session.failed(new NodeFailure("the learner of " + setting.model()
                            + " replied to " + doing + " with " + all + ": must be " + output.name() + " of "
                            + setting.dtype() + " and row shape " + output.rowShape() + " for " + images.count()
                            + " images")));
            (output.isPublic() ? published : kept).put(output.name(), tensor);
        }
        return new Outputs(NamedTensors.of(published), new PrivateTensors(NamedTensors.of(kept)));
    }

    private boolean fits(Tensor tensor, Output output, int rows) {
        int[] shape = new int[output.rowShape().size() + 1];
        shape[0] = rows;
        for (int i = 1; i < shape.length; i++) {
            shape[i] = output.rowShape().get(i - 1);
        }
        return tensor.dtype() == setting.dtype() && tensor.shape().equals(Ints.of(shape));
    }

    @Override
    public NamedTensors snapshot() {
        LearnerWire.Request.Builder request =
                LearnerWire.Request.newBuilder().setSnapshot(LearnerWire.Snapshot.getDefaultInstance());
        return named(
                "Snapshot", session.expect("Snapshot", LearnerWire.Reply.BodyCase.STATE, request, WireTensors.NONE));
    }

    /** {@inheritDoc} Parked passes are closed and collected gradients dropped: they belong to the weights before. */
    @Override
    public void restore(NamedTensors snapshot) {
        session.command(
                "Restore",
                LearnerWire.Request.newBuilder().setRestore(LearnerWire.Restore.getDefaultInstance()),
                WireTensors.of(snapshot));
        parked.clear();
        hasGradients = false;
    }

    @Override
    public Digest weights() {
        LearnerWire.Request.Builder request =
                LearnerWire.Request.newBuilder().setWeights(LearnerWire.Weights.getDefaultInstance());
        String hex = session.expect("Weights", LearnerWire.Reply.BodyCase.WEIGHTS_DIGEST, request, WireTensors.NONE)
                .header()
                .getWeightsDigest()
                .getSha256();
        try {
            return Digest.ofHex(hex);
        } catch (IllegalArgumentException e) {
            throw session.failed(new NodeFailure(
                    "the learner of " + setting.model() + " replied to Weights with '" + hex
                            + "': must be 64 hexadecimal digits",
                    e));
        }
    }

    @Override
    public void close() {
        parked.clear();
        session.close();
    }

    private NamedTensors named(String doing, FrameChannel.Frame reply) {
        try {
            return reply.tensors().named();
        } catch (FrameChannel.MalformedException | IllegalArgumentException e) {
            throw session.failed(new NodeFailure(
                    "the learner of " + setting.model() + " replied to " + doing + " with a frame that cannot be read: "
                            + e.getMessage(),
                    e));
        }
    }

    private void release(Pass pass) {
        if (parked.remove(pass.id, pass) && !session.isBroken()) {
            session.command(
                    "Release of pass " + pass.id,
                    LearnerWire.Request.newBuilder()
                            .setRelease(LearnerWire.Release.newBuilder().setPassId(pass.id)),
                    WireTensors.NONE);
        }
    }

    private Pass requireOpen(ForwardPass pass) {
        if (!(pass instanceof Pass ours) || ours.owner != this) {
            throw new IllegalArgumentException("forward pass of another learner");
        }
        if (!parked.containsKey(ours.id)) {
            throw new IllegalStateException("forward pass that was trained or closed before: its graph is gone");
        }
        return ours;
    }

    private void requireFitting(Images images) {
        if (images.count() < 1 || !images.shape().equals(setting.image())) {
            throw new IllegalArgumentException(
                    images.count() + " images of " + images.shape() + ": must be 1 or more of " + setting.image());
        }
    }

    /** A graph that waits in the other process. */
    private static final class Pass implements ForwardPass {
        private final ExternalLearner owner;
        private final long id;
        private final Outputs outputs;

        private Pass(ExternalLearner owner, long id, Outputs outputs) {
            this.owner = owner;
            this.id = id;
            this.outputs = outputs;
        }

        @Override
        public Outputs outputs() {
            return outputs;
        }

        private NamedTensors all() {
            SortedMap<String, Tensor> all = new TreeMap<>(outputs.tensors().asMap());
            all.putAll(outputs.kept().tensors().asMap());
            return NamedTensors.of(all);
        }

        @Override
        public void close() {
            owner.release(this);
        }
    }
}
