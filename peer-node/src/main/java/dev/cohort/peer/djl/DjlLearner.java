package dev.cohort.peer.djl;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.nn.Parameter;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.training.ParameterStore;
import dev.cohort.distill.BranchEnsemble;
import dev.cohort.peer.Learner;
import dev.cohort.protocol.Images;
import dev.cohort.protocol.TensorName;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;

/**
 * Runs a network of the {@link ModelCatalog} on PyTorch. Each forward pass has its own NDManager; closing the pass frees all of
 * its memory. All engine calls happen on the calling thread; several learners may live in one process, also on several threads.
 *
 * <p>Several passes may be parked at once, and a pass may be finished after later updates: its gradient is then that at the
 * weights of its forward pass. Equal calls give equal bits on equal CPUs with equal numbers of threads; on CUDA that has not
 * been shown.
 */
public final class DjlLearner implements Learner {
    /** Images that {@link #infer} handles at a time: enough to be fast, few enough to need less memory than training. */
    private static final int CHUNK = 128;

    private final LearnerSetting setting;
    private final List<Output> declared;
    private final DeviceChoice device;
    private final NDManager manager;
    private final Student student;
    private final SortedMap<String, Parameter> parameters;
    private final Descent descent;
    private final Optional<WeightAverage> average;
    private final ImageInput input;
    private final List<ParkedPass> parked = new ArrayList<>();
    private final Deque<ByteBuffer> spareInputs = new ArrayDeque<>();
    private boolean hasGradients;

    DjlLearner(LearnerSetting setting) {
        this(setting, 1);
    }

    /** @param branches of the student; with more than one, their gated ensemble is its own teacher */
    DjlLearner(LearnerSetting setting, int branches) {
        this.setting = setting;
        declared = declared(setting, branches);
        TorchEngine engine = TorchEngine.start();
        device = DeviceChoice.parse(setting.device()).on(engine.gpus(), setting.peerIndex());
        manager = engine.newManager(device);
        JniUtils.setGradMode(false);
        student = Student.of(setting, manager, branches);
        parameters = student.namedParameters();
        descent = Descent.of(setting.update(), student.trainedParameters(), manager);
        average = setting.update().averageDecay().isPresent()
                ? Optional.of(new WeightAverage(
                        Student.of(setting, manager, branches),
                        setting.update().averageDecay().getAsDouble(),
                        manager))
                : Optional.empty();
        input = new ImageInput(setting.image(), setting.normalisation(), setting.dtype());
    }

    /** In the order of the outputs of {@link Student}. */
    private static List<Output> declared(LearnerSetting setting, int branches) {
        List<Output> outputs =
                new ArrayList<>(Output.basic(setting.classes(), ModelCatalog.featureWidth(setting.model())));
        ModelCatalog.maps(setting.model(), setting.image()).stream()
                .filter(map -> setting.maps().contains(map.name()))
                .forEach(outputs::add);
        if (branches > 1) {
            outputs.add(new Output(TensorName.BRANCHES, Ints.of(branches * (setting.classes() + 1)), false));
        }
        return List.copyOf(outputs);
    }

    @Override
    public List<Output> declares() {
        return declared;
    }

    @Override
    public String device() {
        return device.toString();
    }

    @Override
    public ForwardPass forward(Images images) {
        requireFitting(images);
        ByteBuffer memory = Optional.ofNullable(spareInputs.poll())
                .filter(spare -> spare.capacity()
                        >= images.count()
                                * images.shape().size()
                                * setting.dtype().bytes())
                .orElseGet(() -> input.newBuffer(images.count()));
        ByteBuffer values = input.fill(memory, images, 0, images.count());
        NDManager own = manager.newSubManager();
        try (NDManager scratch = own.newSubManager()) {
            NDList outputs = withGradients(() -> {
                NDArray x = input.view(scratch, values, images.count());
                return student.forward(new PassWeights(scratch), new NDList(x), true);
            });
            outputs.attach(own);
            ParkedPass pass = new ParkedPass(this, own, outputs, memory);
            parked.add(pass);
            return pass;
        } catch (EngineException e) {
            own.close();
            throw explained(e, images);
        }
    }

    private static RuntimeException explained(EngineException e, Images images) {
        if (String.valueOf(e.getMessage()).contains("Expected more than 1 value per channel")) {
            return new IllegalArgumentException(
                    "a batch of " + images.count() + " image leaves batch norm one value per channel in this network:"
                            + " choose run.batch_size so that the last batch of an epoch has 2 images or more",
                    e);
        }
        return e;
    }

    @Override
    public void backward(ForwardPass pass, NamedTensors gradients) {
        ParkedPass ours = requireOpen(pass);
        List<String> names = declared.stream()
                .map(Output::name)
                .filter(name -> gradients.find(name).isPresent())
                .toList();
        if (names.size() < gradients.asMap().size()) {
            throw new IllegalArgumentException(
                    "gradients of " + gradients.asMap().keySet() + ": this student outputs "
                            + declared.stream().map(Output::name).toList());
        }
        names.forEach(name -> requireShape("gradient of the " + name, ours.value(name), gradients.get(name)));
        try {
            if (names.equals(List.of(TensorName.LOGITS))) {
                NDArray seed = Arrays.write(ours.manager(), gradients.get(TensorName.LOGITS), type());
                JniUtils.backward((PtNDArray) ours.array(TensorName.LOGITS), (PtNDArray) seed, false, false);
            } else {
                NDArray surrogate = withGradients(() -> names.stream()
                        .map(name -> ours.dot(name, gradients.get(name)))
                        .reduce(NDArray::add)
                        .orElseThrow());
                NDArray one = ours.manager().ones(surrogate.getShape(), type());
                JniUtils.backward((PtNDArray) surrogate, (PtNDArray) one, false, false);
            }
            hasGradients = true;
        } finally {
            ours.close();
        }
    }

    @Override
    public void update(double learningRate) {
        if (!hasGradients) {
            throw new IllegalStateException("update without a gradient: backward must come first");
        }
        JniUtils.setGradMode(false);
        setting.update().clipNorm().ifPresent(student::clipGradients);
        descent.step(learningRate);
        average.ifPresent(network -> network.follow(student));
        hasGradients = false;
    }

    @Override
    public Outputs infer(Images images) {
        requireFitting(images);
        JniUtils.setGradMode(false);
        Student evaluated = average.map(WeightAverage::network).orElse(student);
        ByteBuffer memory = input.newBuffer(Math.min(CHUNK, images.count()));
        List<StackedRows> stacked = declared.stream()
                .map(output -> new StackedRows(images.count(), output.rowShape(), setting.dtype()))
                .toList();
        try {
            for (int from = 0; from < images.count(); from += CHUNK) {
                int count = Math.min(CHUNK, images.count() - from);
                ByteBuffer values = input.fill(memory, images, from, count);
                try (NDManager scratch = manager.newSubManager()) {
                    NDList outputs = evaluated.forward(
                            new ParameterStore(scratch, false), new NDList(input.view(scratch, values, count)), false);
                    for (int i = 0; i < stacked.size(); i++) {
                        stacked.get(i).add(Arrays.read(outputs.get(i)));
                    }
                }
            }
            return outputs(stacked.stream().map(StackedRows::tensor).toList());
        } finally {
            // PyTorch reads this memory, which the garbage collector could otherwise reclaim.
            Reference.reachabilityFence(memory);
        }
    }

    /**
     * The outputs by name, with the logits of the branches' ensemble if the student has several branches.
     *
     * @param values in the order of {@link #declares}
     */
    Outputs outputs(List<Tensor> values) {
        SortedMap<String, Tensor> published = new TreeMap<>();
        SortedMap<String, Tensor> kept = new TreeMap<>();
        for (int i = 0; i < values.size(); i++) {
            Output output = declared.get(i);
            (output.isPublic() ? published : kept).put(output.name(), values.get(i));
        }
        Outputs outputs = new Outputs(NamedTensors.of(published), new PrivateTensors(NamedTensors.of(kept)));
        return outputs.branches()
                .map(packed -> outputs.withOwnTeacher(
                        BranchEnsemble.logits(packed, setting.classes()).as(setting.dtype())))
                .orElse(outputs);
    }

    /**
     * Logits [N, C] in training mode, so that batch norm uses and keeps the statistics of this batch, but without a graph.
     */
    Tensor trainingLogits(Images images) {
        requireFitting(images);
        JniUtils.setGradMode(false);
        ByteBuffer memory = input.newBuffer(images.count());
        ByteBuffer values = input.fill(memory, images, 0, images.count());
        try (NDManager scratch = manager.newSubManager()) {
            NDList outputs = student.forward(
                    new ParameterStore(scratch, false), new NDList(input.view(scratch, values, images.count())), true);
            return Arrays.read(outputs.get(0));
        } finally {
            Reference.reachabilityFence(memory);
        }
    }

    /** Moves the trained weights towards those of {@code other}: {@code w = keep w + (1 - keep) w_other}. */
    void average(DjlLearner other, double keep) {
        Student.average(student.trainedParameters(), other.student.trainedParameters(), keep);
    }

    /** Whether these are exactly the weights and statistics of this network. */
    boolean fits(NamedTensors weights) {
        return weights.asMap().keySet().equals(parameters.keySet())
                && parameters.entrySet().stream().allMatch(own -> {
                    Tensor tensor = weights.get(own.getKey());
                    return tensor.dtype() == setting.dtype()
                            && Arrays.shapeOf(own.getValue().getArray()).equals(tensor.shape());
                });
    }

    /** Overwrites weights and batch-norm statistics; names that are not those of the network are ignored. */
    void load(NamedTensors weights) {
        student.load(weights);
    }

    /** Gradients collected since the last update, by the names of the weights; none before the first backward pass. */
    public NamedTensors gradients() {
        return hasGradients ? student.gradients() : NamedTensors.none();
    }

    @Override
    public NamedTensors snapshot() {
        SortedMap<String, Tensor> tensors = new TreeMap<>();
        state().forEach((name, array) -> tensors.put(name, Arrays.read(array)));
        return NamedTensors.of(tensors);
    }

    /** Weights and statistics, without momenta, under the names by which they travel to other students. */
    NamedTensors transferableWeights() {
        SortedMap<String, Tensor> weights = new TreeMap<>();
        parameters.forEach(
                (name, parameter) -> weights.put(TensorName.WEIGHTS + name, Arrays.read(parameter.getArray())));
        return NamedTensors.of(weights);
    }

    /** {@inheritDoc} Parked passes are closed and collected gradients dropped: they belong to the earlier weights. */
    @Override
    public void restore(NamedTensors snapshot) {
        SortedMap<String, NDArray> state = state();
        requireNames(state, snapshot);
        state.forEach((name, array) -> requireFitting(name, array, snapshot.get(name)));
        List.copyOf(parked).forEach(ParkedPass::close);
        student.load(snapshot);
        kept().forEach((name, array) -> Arrays.overwrite(array, snapshot.get(name)));
        student.zeroGradients();
        hasGradients = false;
    }

    @Override
    public Digest weights() {
        MessageDigest sha = sha256();
        parameters.forEach((name, parameter) ->
                sha.update(Arrays.read(parameter.getArray()).bytes()));
        return Digest.ofBytes(sha.digest());
    }

    @Override
    public void close() {
        List.copyOf(parked).forEach(ParkedPass::close);
        spareInputs.clear();
        manager.close();
    }

    /** Arrays that are alive in this learner: constant between steps, or memory leaks. */
    int arraysHeld() {
        return manager.getManagedArrays().size();
    }

    void closed(ParkedPass pass) {
        parked.remove(pass);
        spareInputs.add(pass.input());
    }

    /** Everything that training continues from, by name. */
    private SortedMap<String, NDArray> state() {
        SortedMap<String, NDArray> state = new TreeMap<>();
        parameters.forEach((name, parameter) -> state.put(name, parameter.getArray()));
        state.putAll(kept());
        return state;
    }

    /** What training continues from besides the network. */
    private SortedMap<String, NDArray> kept() {
        SortedMap<String, NDArray> kept = new TreeMap<>(descent.state());
        average.ifPresent(network -> kept.putAll(network.state()));
        return kept;
    }

    private DataType type() {
        return Arrays.typeOf(setting.dtype());
    }

    /** Gradient mode belongs to the thread, and a new thread starts with it on. */
    private static <T> T withGradients(Supplier<T> work) {
        JniUtils.setGradMode(true);
        try {
            return work.get();
        } finally {
            JniUtils.setGradMode(false);
        }
    }

    private ParkedPass requireOpen(ForwardPass pass) {
        if (!(pass instanceof ParkedPass ours) || !ours.belongsTo(this)) {
            throw new IllegalArgumentException("forward pass of another learner");
        }
        if (!ours.isOpen()) {
            throw new IllegalStateException("forward pass is closed: it was trained or dropped before");
        }
        return ours;
    }

    private void requireFitting(Images images) {
        if (images.count() < 1 || !images.shape().equals(setting.image())) {
            throw new IllegalArgumentException(
                    images.count() + " images of " + images.shape() + ": must be 1 or more of " + setting.image());
        }
    }

    private static void requireShape(String what, Tensor output, Tensor gradient) {
        if (!output.shape().equals(gradient.shape())) {
            throw new IllegalArgumentException(what + " of shape " + gradient.shape() + ": must be " + output.shape()
                    + ", the shape of the output");
        }
    }

    private void requireNames(SortedMap<String, NDArray> state, NamedTensors snapshot) {
        SortedSet<String> missing = new TreeSet<>(state.keySet());
        missing.removeAll(snapshot.asMap().keySet());
        SortedSet<String> unknown = new TreeSet<>(snapshot.asMap().keySet());
        unknown.removeAll(state.keySet());
        if (!missing.isEmpty() || !unknown.isEmpty()) {
            throw new IllegalArgumentException("snapshot does not fit " + setting.model() + ": it lacks "
                    + missing.size() + " tensors " + first(missing) + "and has " + unknown.size() + " others "
                    + first(unknown) + "; restore it into the model and optimizer it was taken from");
        }
    }

    private static String first(SortedSet<String> names) {
        return names.isEmpty() ? "" : "(" + names.first() + ", ...) ";
    }

    private void requireFitting(String name, NDArray array, Tensor tensor) {
        DType dtype = Arrays.typeOf(array.getDataType());
        if (!Arrays.shapeOf(array).equals(tensor.shape()) || tensor.dtype() != dtype) {
            throw new IllegalArgumentException("snapshot does not fit " + setting.model() + ": " + name + " is "
                    + tensor + " and must be " + dtype + Arrays.shapeOf(array));
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("SHA-256 is part of every Java platform", e);
        }
    }
}
