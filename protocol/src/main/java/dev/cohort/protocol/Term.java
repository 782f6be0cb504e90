package dev.cohort.protocol;

import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** One additive part of a peer's objective. {@link dev.cohort.distill.Objective} computes its loss and gradients. */
public sealed interface Term {
    /** Name for reports and figures, e.g. {@code ensemble}. */
    String name();

    /** The peers that use it. */
    Audience audience();

    /** Peers by whether their prediction is among the contributors of the outcome. */
    enum Audience {
        EVERYBODY,
        CONTRIBUTORS,
        /** All but the contributors, in place of a term that only contributors can use. */
        OTHERS;

        public boolean includes(boolean contributor) {
            return switch (this) {
                case EVERYBODY -> true;
                case CONTRIBUTORS -> contributor;
                case OTHERS -> !contributor;
            };
        }
    }

    /**
     * {@code weight * T^2 * KL(teacher || softmax(z / T))}, mean over the batch, teacher constant.
     *
     * @param values [B, C], or [1, C] when all rows are equal: the teacher's logits, or its probabilities at {@code
     *     temperature}
     * @param vote whether {@code values} is a mean of all contributors from which a contributor takes out its own vote
     * @param temperature T of teacher and student
     */
    record SoftTarget(
            String name, Tensor values, Space space, Vote vote, double weight, double temperature, Audience audience)
            implements Term {
        public SoftTarget {
            Sayable.name(name, "name of a term");
            Sayable.matrix(values, name);
            Sayable.finite(weight, "weight of " + name);
            Sayable.positive(temperature, "temperature of " + name);
        }

        /** For everybody. */
        public SoftTarget(String name, Tensor values, Space space, Vote vote, double weight, double temperature) {
            this(name, values, space, vote, weight, temperature, Audience.EVERYBODY);
        }
    }

    /** Kind of the values of a soft target. */
    enum Space {
        LOGITS,
        PROBABILITIES
    }

    /** What a contributor does with a soft target that is the mean over all contributors. */
    enum Vote {
        /** Uses it unchanged. */
        INCLUDED,
        /** Takes out its own vote v, its logits: {@code (m * values - v) / (m - 1)}; others use it unchanged. */
        LEFT_OUT,
        /** Likewise, where the votes are those of the peers' own teachers ({@link TensorName#OWN_TEACHER}). */
        OWN_TEACHER_LEFT_OUT
    }

    /**
     * The peer's own teacher, such as the average of its weights, as a constant target. This term does not need the teacher's
     * logits t to be published.
     *
     * @param form the distance
     * @param temperature T of both sides, for {@link Form#DIVERGENCE}
     */
    record OwnTarget(String name, Form form, double weight, double temperature) implements Term {
        public OwnTarget {
            Sayable.name(name, "name of a term");
            Sayable.finite(weight, "weight of " + name);
            Sayable.positive(temperature, "temperature of " + name);
        }

        @Override
        public Audience audience() {
            return Audience.EVERYBODY;
        }

        /** Distance of the student from its teacher. */
        public enum Form {
            /** {@code T^2 KL(softmax_T(t) || softmax_T(z))}, mean over the batch. */
            DIVERGENCE,
            /** {@code (softmax(z) - softmax(t))^2}, mean over batch and classes. */
            SQUARES
        }
    }

    /**
     * Distillation between the branches of a student ({@link TensorName#BRANCHES}): with z_k the logits of branch k, g_k its gate
     * and {@code z_e = sum_k g_k z_k}, {@code sum_k CE(z_k, y) + CE(z_e, y) + weight * sum_k T^2 KL(softmax_T(z_e) ||
     * softmax_T(z_k))}, z_e constant in the KL. It includes the whole loss on the labels, so the outcome's label weight is 0.
     *
     * @param temperature T of both sides
     */
    record OwnBranches(String name, double weight, double temperature) implements Term {
        public OwnBranches {
            Sayable.name(name, "name of a term");
            Sayable.finite(weight, "weight of " + name);
            Sayable.positive(temperature, "temperature of " + name);
        }

        @Override
        public Audience audience() {
            return Audience.EVERYBODY;
        }
    }

    /**
     * Weights published by students: a peer that runs copies of the others loads them after the update of this step. No loss.
     *
     * @param students in the order of their slots
     */
    record Copies(String name, List<Copy> students) implements Term {
        public Copies {
            students = List.copyOf(students);
            Sayable.name(name, "name of a term");
            Sayable.count(Limits.DEFAULT.slotsMax(), students, "copies");
        }

        @Override
        public Audience audience() {
            return Audience.EVERYBODY;
        }
    }

    /** Weights and statistics, by name, of the student in {@code slot}. */
    record Copy(int slot, NamedTensors weights) {
        public Copy {
            Sayable.slot(slot, "slot");
            Sayable.tensors(weights);
        }
    }

    /** {@code weight * CE(z, y)}, added to the outcome's label weight, for a contributor with its own weight of the labels. */
    record CrossEntropy(String name, double weight) implements Term {
        public CrossEntropy {
            Sayable.name(name, "name of a term");
            Sayable.finite(weight, "weight of " + name);
        }

        @Override
        public Audience audience() {
            return Audience.CONTRIBUTORS;
        }
    }

    /**
     * Numbers about a step for the analysis of a run, such as the weight of each part of a peer's objective. No loss.
     *
     * @param values by name
     */
    record Figures(String name, SortedMap<String, Double> values) implements Term {
        public Figures {
            values = Collections.unmodifiableSortedMap(new TreeMap<>(values));
            Sayable.name(name, "name of a term");
            Sayable.atMost(Limits.DEFAULT.figuresMax(), values.size(), "number of figures of " + name);
            values.forEach((figure, value) -> {
                Sayable.name(figure, "name of a figure");
                Sayable.finite(value, figure + " of " + name);
            });
        }

        @Override
        public Audience audience() {
            return Audience.EVERYBODY;
        }
    }

    /**
     * The gradient of {@code weight * CE(z_e, y)} of a gated ensemble {@code z_e = sum_i g_i * z_i} with respect to contributor
     * i's logits: {@code weight * g_i * (softmax(z_e) - y) / B}. A compact {@link LeafGradient}: the peer has y and reads z_e
     * from the soft target of the same name.
     *
     * @param name name of the {@link SoftTarget} (of logits) that holds z_e
     * @param gates [B, m], column i belongs to contributor i
     */
    record GatedCrossEntropy(String name, Tensor gates, double weight) implements Term {
        public GatedCrossEntropy {
            Sayable.name(name, "name of a term");
            Sayable.matrix(gates, name);
            Sayable.finite(weight, "weight of " + name);
        }

        @Override
        public Audience audience() {
            return Audience.CONTRIBUTORS;
        }
    }

    /**
     * A {@link LeafGradient} with respect to a feature map that this peer published. Its bytes are in pieces on {@link
     * Topic#GRADIENTS}: readers of outcomes get the leaf gradient itself once all pieces were read.
     *
     * @param tensor name of the map
     * @param gradient of the map's shape
     */
    record MapGradient(String name, String tensor, TensorReference gradient) implements Term {
        public MapGradient {
            Sayable.name(name, "name of a term");
            Sayable.name(tensor, "tensor of " + name);
        }

        @Override
        public Audience audience() {
            return Audience.CONTRIBUTORS;
        }
    }

    /**
     * The gradient of the coordinator's part of the loss with respect to a tensor this peer published.
     *
     * @param tensor name of this tensor, as in {@link TensorName}
     * @param gradient gradient of the same shape
     */
    record LeafGradient(String name, String tensor, Tensor gradient) implements Term {
        public LeafGradient {
            Sayable.name(name, "name of a term");
            Sayable.name(tensor, "tensor of " + name);
            Sayable.tensor(gradient, name);
        }

        @Override
        public Audience audience() {
            return Audience.CONTRIBUTORS;
        }
    }
}
