package dev.cohort.protocol;

import dev.cohort.tensor.Hasher;
import dev.cohort.tensor.Tensor;
import java.util.List;

/** One additive part of a peer's objective. How each turns into a loss and gradients is {@code dev.cohort.distill.Objective}. */
public sealed interface Term {
    /** Name for reports and figures, e.g. {@code ensemble}. */
    String name();

    /** Whether a peer whose prediction is not among the contributors may use it. */
    boolean validWhenLate();

    /**
     * {@code weight * T^2 * KL(teacher || softmax(z / T))}, mean over the batch, teacher constant.
     *
     * @param values [B, C]: the teacher's logits, or its probabilities at {@code temperature}
     * @param vote whether {@code values} is a mean of all contributors from which a contributor takes out its own part
     * @param temperature T of teacher and student
     */
    record SoftTarget(String name, Tensor values, Space space, Vote vote, double weight, double temperature)
            implements Term {
        @Override
        public boolean validWhenLate() {
            return true;
        }
    }

    /** What the values of a soft target are. */
    enum Space {
        LOGITS,
        PROBABILITIES
    }

    /** What a contributor does with a soft target that is the mean over all contributors. */
    enum Vote {
        /** Takes it as it is. */
        INCLUDED,
        /** Takes its own vote v out: {@code (m * values - v) / (m - 1)}; others take it as it is. */
        LEFT_OUT
    }

    /**
     * The part that {@code weight * CE(z_e, y)} of a gated ensemble {@code z_e = sum_i g_i * z_i} sends back into contributor
     * i's logits: {@code weight * g_i * (softmax(z_e) - y) / B}. A compact leaf gradient: the peer has y and reads z_e from the
     * soft target of the same name.
     *
     * @param name name of the {@link SoftTarget} (of logits) that holds z_e
     * @param gates [B, m], column i belongs to contributor i
     */
    record GatedCrossEntropy(String name, Tensor gates, double weight) implements Term {
        @Override
        public boolean validWhenLate() {
            return false;
        }
    }

    /**
     * The gradient of the coordinator's part of the loss with respect to a tensor this peer published.
     *
     * @param tensor {@link TensorName} of that tensor
     * @param gradient of its shape
     */
    record LeafGradient(String name, String tensor, Tensor gradient) implements Term {
        @Override
        public boolean validWhenLate() {
            return false;
        }
    }

    /** Adds {@code terms} to a digest. */
    static void hash(List<Term> terms, Hasher hasher) {
        hasher.number(terms.size());
        for (Term term : terms) {
            hasher.text(term.getClass().getSimpleName()).text(term.name());
            if (term instanceof SoftTarget soft) {
                hasher.tensor(soft.values())
                        .text(soft.space().name())
                        .text(soft.vote().name())
                        .number(soft.weight())
                        .number(soft.temperature());
            } else if (term instanceof GatedCrossEntropy gated) {
                hasher.tensor(gated.gates()).number(gated.weight());
            } else if (term instanceof LeafGradient leaf) {
                hasher.text(leaf.tensor()).tensor(leaf.gradient());
            }
        }
    }
}
