package dev.cohort.peer.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.training.ParameterStore;
import ai.djl.util.Pair;
import ai.djl.util.PairList;
import dev.cohort.protocol.ImageShape;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A student network as a DJL block: images [N, channels, H, W] in, the list (logits [N, C], features [N, D]) out, followed by
 * the feature maps that the setting names and the branches [N, m (C + 1)] of a student with several ({@link Classifier}, {@link
 * Branched}).
 *
 * <p>Its parameters have stable names in the manner of PyTorch: {@code layer1.0.conv1.weight}, {@code bn1.running_mean}.
 */
public final class Student extends AbstractBlock {
    private final Block network;
    private final int featureWidth;

    Student(Block network, int featureWidth) {
        this.network = network;
        this.featureWidth = featureWidth;
        children.add("", network);
    }

    /** The network of {@code setting} with its initial weights on the device of {@code manager}, to which they belong. */
    public static Student of(LearnerSetting setting, NDManager manager) {
        return of(setting, manager, 1);
    }

    /** The network of {@code setting} with {@code branches} branches. */
    static Student of(LearnerSetting setting, NDManager manager, int branches) {
        Architecture architecture = ModelCatalog.get(setting.model());
        Block network = branches == 1
                ? new Classifier(
                        Networks.trunk(architecture, setting.image(), setting.maps()),
                        architecture.featureWidth(),
                        setting.classes())
                : Networks.branched(architecture, setting.classes(), branches, setting.maps());
        Student student = new Student(network, architecture.featureWidth());
        student.initialize(manager, setting.seed(), setting.image(), setting.dtype());
        return student;
    }

    void initialize(NDManager manager, long seed, ImageShape image, DType dtype) {
        InitialWeights initial = new InitialWeights(seed, featureWidth);
        visit("", this, (name, parameter, owner) -> parameter.setInitializer(initial.of(name, parameter, owner)));
        initialize(manager, Arrays.typeOf(dtype), new Shape(1, image.channels(), image.height(), image.width()));
    }

    /** Parameters and batch-norm statistics by name, in the order of their names. */
    public SortedMap<String, Parameter> namedParameters() {
        SortedMap<String, Parameter> named = new TreeMap<>();
        visit("", this, (name, parameter, owner) -> {
            if (named.put(name, parameter) != null) {
                throw new IllegalStateException("two parameters named " + name);
            }
        });
        return Collections.unmodifiableSortedMap(named);
    }

    /** The trained parameters by name: all but the batch-norm statistics. */
    public SortedMap<String, Parameter> trainedParameters() {
        SortedMap<String, Parameter> trained = new TreeMap<>(namedParameters());
        trained.values().removeIf(parameter -> !parameter.requiresGradient());
        return Collections.unmodifiableSortedMap(trained);
    }

    /**
     * Overwrites all parameters and batch-norm statistics.
     *
     * @param weights by the names of {@link #namedParameters}; others, such as momenta, are ignored
     */
    public void load(NamedTensors weights) {
        JniUtils.setGradMode(false);
        namedParameters().forEach((name, parameter) -> Arrays.overwrite(parameter.getArray(), weights.get(name)));
    }

    /** Copies of the gradients by name; those of weights that no backward pass has reached are zero. */
    public NamedTensors gradients() {
        SortedMap<String, Tensor> gradients = new TreeMap<>();
        trainedParameters().forEach((name, parameter) -> {
            try (NDArray gradient = parameter.getArray().getGradient()) {
                gradients.put(name, Arrays.read(gradient));
            }
        });
        return NamedTensors.of(gradients);
    }

    /** Sets all gradients to zero. */
    public void zeroGradients() {
        trainedParameters().values().forEach(parameter -> JniUtils.zeroGrad((PtNDArray) parameter.getArray()));
    }

    /**
     * Scales all gradients so that their norm, taken over all of them, is at most {@code normMax}, as PyTorch's {@code
     * clip_grad_norm_} does.
     */
    void clipGradients(double normMax) {
        double squares = 0;
        for (Parameter parameter : trainedParameters().values()) {
            try (NDArray gradient = parameter.getArray().getGradient();
                    NDArray norm = gradient.norm()) {
                double value = Arrays.read(norm).at(0);
                squares += value * value;
            }
        }
        double factor = normMax / (Math.sqrt(squares) + 1e-6);
        if (factor < 1) {
            for (Parameter parameter : trainedParameters().values()) {
                NDArray array = parameter.getArray();
                try (NDArray gradient = array.getGradient();
                        NDArray scale = array.getManager().create(factor)) {
                    gradient.muli(scale);
                }
            }
        }
    }

    /** Moves parameters towards others of the same names: {@code w = keep w + (1 - keep) w_other}. */
    static void average(SortedMap<String, Parameter> moved, SortedMap<String, Parameter> towards, double keep) {
        JniUtils.setGradMode(false);
        moved.forEach((name, parameter) -> {
            NDArray array = parameter.getArray();
            NDArray source =
                    Optional.ofNullable(towards.get(name)).orElseThrow().getArray();
            try (NDArray kept = array.getManager().create(keep);
                    NDArray taken = array.getManager().create(1 - keep);
                    NDArray part = source.mul(taken)) {
                array.muli(kept).addi(part);
            }
        });
    }

    private interface Visitor {
        void parameter(String name, Parameter parameter, Block owner);
    }

    private static void visit(String path, Block block, Visitor visitor) {
        for (Parameter parameter : block.getDirectParameters().values()) {
            visitor.parameter(path + suffix(parameter), parameter, block);
        }
        for (Pair<String, Block> child : block.getChildren()) {
            visit(child.getKey().isEmpty() ? path : path + child.getKey() + ".", child.getValue(), visitor);
        }
    }

    private static String suffix(Parameter parameter) {
        return switch (parameter.getType()) {
            case WEIGHT, GAMMA -> "weight";
            case BIAS, BETA -> "bias";
            case RUNNING_MEAN -> "running_mean";
            case RUNNING_VAR -> "running_var";
            case OTHER -> parameter.getName();
        };
    }

    @Override
    protected NDList forwardInternal(
            ParameterStore parameters, NDList inputs, boolean training, @Nullable PairList<String, Object> ignored) {
        return network.forward(parameters, inputs, training);
    }

    @Override
    protected void initializeChildBlocks(NDManager manager, DataType dtype, Shape... inputs) {
        network.initialize(manager, dtype, inputs);
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputs) {
        return network.getOutputShapes(inputs);
    }
}
