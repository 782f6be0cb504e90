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

/**
 * A student network as the peer sees it: forward, then some time later the gradient of the loss with respect to what was put
 * out, then one update. The loss itself is {@code dev.cohort.distill.Objective}; a learner knows nothing of it.
 *
 * <p>Equal calls on equal weights give equal bits. Called by one thread.
 */
public interface Learner extends AutoCloseable {
    /** Every tensor that a pass puts out, declared before the first one, in the order in which gradients are applied. */
    List<Output> declares();

    /** Width D of the pooled features. */
    default int featureWidth() {
        return declares().stream()
                .filter(output -> output.name().equals(TensorName.FEATURES))
                .mapToInt(output -> output.rowShape().get(0))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("this student declares no features"));
    }

    /** Where it computes: {@code cpu} or {@code cuda:N}. */
    String device();

    /** A training-mode forward pass; its graph stays until {@link #backward} or {@link ForwardPass#close}. */
    ForwardPass forward(Images images);

    /**
     * As {@link #forward(Images)}, for a student whose own teacher is another one at each step.
     *
     * @param step of the batch
     */
    default ForwardPass forward(Images images, long step) {
        return forward(images);
    }

    /**
     * Back-propagates and adds to the gradients.
     *
     * @param gradients of the loss with respect to outputs of the pass, by their names, each of the shape of its output; an output
     *     that is not named has none
     * @throws IllegalArgumentException when one is of no output that this student declares, or of another shape
     */
    void backward(ForwardPass pass, NamedTensors gradients);

    /** One optimizer step with the gradients collected since the last, which are then zero. The own teacher follows it. */
    void update(double learningRate);

    /** Evaluation-mode outputs, those of the own teacher included; no graph, no statistics updated. */
    Outputs infer(Images images);

    /**
     * What this student hands over with its prediction of {@code step}, by names that begin with {@link
     * dev.cohort.protocol.TensorName#WEIGHTS}; nothing, unless students run copies of one another.
     */
    default NamedTensors handedOver(long step) {
        return NamedTensors.none();
    }

    /** Takes up what other students handed over, by their slots; what is no network of this kind is left aside. */
    default void takeUp(SortedMap<Integer, NamedTensors> copies) {}

    /** Parameters, buffers and optimizer state by name: all that training goes on from. */
    NamedTensors snapshot();

    /**
     * Takes up a {@link #snapshot}.
     *
     * @throws IllegalArgumentException when names or shapes do not fit this network
     */
    void restore(NamedTensors snapshot);

    /** Digest of parameters and batch-norm buffers in the order of their names, little-endian. */
    Digest weights();

    @Override
    void close();

    /**
     * One tensor that a student puts out.
     *
     * @param name as in messages
     * @param rowShape of one row; a pass of N images puts out N rows
     * @param isPublic whether it may leave the peer, if the method reads it
     */
    record Output(String name, Ints rowShape, boolean isPublic) {
        /** The outputs that every student has: logits [N, C] and pooled features [N, D]. */
        public static List<Output> basic(int classes, int featureWidth) {
            return List.of(
                    new Output(TensorName.LOGITS, Ints.of(classes), true),
                    new Output(TensorName.FEATURES, Ints.of(featureWidth), true));
        }
    }

    /** Tensors that stay in the peer. They are of another type than those of a message, so that none is published by mistake. */
    record PrivateTensors(NamedTensors tensors) {
        public static final PrivateTensors NONE = new PrivateTensors(NamedTensors.none());
    }

    /**
     * What a pass puts out, by name.
     *
     * @param tensors that may be published: always {@link TensorName#LOGITS} [N, C] and {@link TensorName#FEATURES} [N, D];
     *     {@link TensorName#OWN_TEACHER} [N, C], a constant, if the student has a teacher of its own
     * @param kept that stay in the peer: {@link TensorName#BRANCHES} of a student of several branches
     */
    record Outputs(NamedTensors tensors, PrivateTensors kept) {
        /** Of a student without a teacher of its own. */
        public Outputs(Tensor logits, Tensor features) {
            this(NamedTensors.of(TensorName.LOGITS, logits).with(TensorName.FEATURES, features), PrivateTensors.NONE);
        }

        /** These, and what the student's own teacher says of the same images. */
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
