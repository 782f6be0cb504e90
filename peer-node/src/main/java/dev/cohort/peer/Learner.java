package dev.cohort.peer;

import dev.cohort.protocol.Images;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.Optional;
import java.util.SortedMap;

/**
 * A student network as the peer sees it: forward, then some time later the gradient of the loss with respect to what was put
 * out, then one update. The loss itself is {@code dev.cohort.distill.Objective}; a learner knows nothing of it.
 *
 * <p>Equal calls on equal weights give equal bits. Called by one thread.
 */
public interface Learner extends AutoCloseable {
    /** Width D of the pooled features. */
    int featureWidth();

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
     * @param logitsGradient dL/dz of the pass, its shape
     * @param featuresGradient dL/df, if the loss has such a part
     */
    void backward(ForwardPass pass, Tensor logitsGradient, Optional<Tensor> featuresGradient);

    /**
     * As {@link #backward(ForwardPass, Tensor, Optional)}, for a student of several branches.
     *
     * @param branchesGradient with respect to {@link Outputs#branches}, if the loss has such a part
     */
    default void backward(
            ForwardPass pass,
            Tensor logitsGradient,
            Optional<Tensor> featuresGradient,
            Optional<Tensor> branchesGradient) {
        if (branchesGradient.isPresent()) {
            throw new IllegalArgumentException("gradient of branches: this student has none");
        }
        backward(pass, logitsGradient, featuresGradient);
    }

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
     * @param logits [N, C]
     * @param features [N, D]
     * @param ownTeacher [N, C]: what the student's own teacher says of the same images, if it has one; a constant
     * @param branches of a student of several branches, as {@link dev.cohort.protocol.TensorName#BRANCHES} says
     */
    record Outputs(Tensor logits, Tensor features, Optional<Tensor> ownTeacher, Optional<Tensor> branches) {
        /** Of a student with one branch. */
        public Outputs(Tensor logits, Tensor features, Optional<Tensor> ownTeacher) {
            this(logits, features, ownTeacher, Optional.empty());
        }

        /** Of a student without a teacher of its own. */
        public Outputs(Tensor logits, Tensor features) {
            this(logits, features, Optional.empty());
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
