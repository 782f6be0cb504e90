package dev.cohort.peer;

import dev.cohort.protocol.Images;
import dev.cohort.protocol.TensorName;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A student network as the peer uses it: a forward pass, some time later the gradient of the loss with respect to the outputs,
 * then one update. The loss itself is computed elsewhere, in {@code dev.cohort.distill.Objective}.
 *
 * <p>Equal calls on equal weights give equal bits. Called by one thread.
 */
public interface Learner extends AutoCloseable {
    /** The tensors that each pass outputs, in the order in which gradients are applied. */
    List<Output> declares();

    /** Width D of the pooled features. */
    default int featureWidth() {
        return declares().stream()
                .filter(output -> output.name().equals(TensorName.FEATURES))
                .mapToInt(output -> output.rowShape().get(0))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("this student declares no features"));
    }

    /** Shape [channels, height, width] of one row of each feature map, by name. */
    default SortedMap<String, Ints> mapShapes() {
        SortedMap<String, Ints> maps = new TreeMap<>();
        declares().stream()
                .filter(output -> TensorName.isMap(output.name()))
                .forEach(output -> maps.put(output.name(), output.rowShape()));
        return maps;
    }

    /** The device that computes: {@code cpu} or {@code cuda:N}. */
    String device();

    /** A training-mode forward pass; its graph is kept until {@link #backward} or {@link ForwardPass#close}. */
    ForwardPass forward(Images images);

    /**
     * As {@link #forward(Images)}, for a student whose own teacher depends on the step.
     *
     * @param step of the batch
     */
    default ForwardPass forward(Images images, long step) {
        return forward(images);
    }

    /**
     * Back-propagates and adds to the gradients.
     *
     * @param gradients of the loss with respect to outputs of the pass, by their names, each of the shape of its output; an
     *     output that is not named has no gradient
     * @throws IllegalArgumentException when this student does not declare a name, or a shape differs from its output's
     */
    void backward(ForwardPass pass, NamedTensors gradients);

    /**
     * As {@link #backward(ForwardPass, NamedTensors)}, for a training loop that shows the loss.
     *
     * @param loss value of the objective
     */
    default void backward(ForwardPass pass, NamedTensors gradients, double loss) {
        backward(pass, gradients);
    }

    /**
     * One optimizer step with the gradients collected since the last one; sets them to zero and updates the student's own
     * teacher.
     */
    void update(double learningRate);

    /** Outputs in evaluation mode, those of the student's own teacher included; keeps no graph and updates no statistics. */
    Outputs infer(Images images);

    /**
     * The weights that this student publishes with its prediction of {@code step}, under names that begin with {@link
     * dev.cohort.protocol.TensorName#WEIGHTS}; none unless students run copies of one another.
     */
    default NamedTensors handedOver(long step) {
        return NamedTensors.none();
    }

    /** Receives the published weights of other students, by slot; weights of another architecture are ignored. */
    default void takeUp(SortedMap<Integer, NamedTensors> copies) {}

    /** Parameters, buffers and optimizer state by name: everything that training continues from. */
    NamedTensors snapshot();

    /**
     * Restores a {@link #snapshot}.
     *
     * @throws IllegalArgumentException when names or shapes do not fit this network
     */
    void restore(NamedTensors snapshot);

    /** Digest of parameters and batch-norm buffers in the order of their names, little-endian. */
    Digest weights();

    @Override
    void close();

    /**
     * One tensor that a student outputs.
     *
     * @param name as in messages
     * @param rowShape of one row; a pass of N images has N rows
     * @param isPublic whether the peer may publish it, if the method reads it
     */
    record Output(String name, Ints rowShape, boolean isPublic) {
        /** The outputs that every student has: logits [N, C] and pooled features [N, D]. */
        public static List<Output> basic(int classes, int featureWidth) {
            return List.of(
                    new Output(TensorName.LOGITS, Ints.of(classes), true),
                    new Output(TensorName.FEATURES, Ints.of(featureWidth), true));
        }
    }

    /**
     * Tensors that stay in the peer. Their type differs from that of a message's tensors, so that none is published by mistake.
     */
    record PrivateTensors(NamedTensors tensors) {
        public static final PrivateTensors NONE = new PrivateTensors(NamedTensors.none());
    }

    /**
     * The outputs of a pass, by name.
     *
     * @param tensors that may be published: always {@link TensorName#LOGITS} [N, C] and {@link TensorName#FEATURES} [N, D];
     *     feature maps [N, channels, height, width] under names that begin with {@link TensorName#MAP}, if they were asked for;
     *     {@link TensorName#OWN_TEACHER} [N, C], a constant, if the student has its own teacher
     * @param kept that stay in the peer: {@link TensorName#BRANCHES} of a student of several branches
     */
    record Outputs(NamedTensors tensors, PrivateTensors kept) {
        /** Outputs of a student without its own teacher. */
        public Outputs(Tensor logits, Tensor features) {
            this(NamedTensors.of(TensorName.LOGITS, logits).with(TensorName.FEATURES, features), PrivateTensors.NONE);
        }

        /** These outputs with the own teacher's logits for the same images. */
        public Outputs withOwnTeacher(Tensor logits) {
            return new Outputs(tensors.with(TensorName.OWN_TEACHER, logits), kept);
        }

        public Tensor logits() {
            return tensors.get(TensorName.LOGITS);
        }

        public Tensor features() {
            return tensors.get(TensorName.FEATURES);
        }

        public Optional<Tensor> ownTeacher() {
            return tensors.find(TensorName.OWN_TEACHER);
        }

        public Optional<Tensor> branches() {
            return kept.tensors().find(TensorName.BRANCHES);
        }
    }

    /** A forward pass whose graph is parked. */
    interface ForwardPass extends AutoCloseable {
        Outputs outputs();

        /** Frees the graph without training. */
        @Override
        void close();
    }
}
