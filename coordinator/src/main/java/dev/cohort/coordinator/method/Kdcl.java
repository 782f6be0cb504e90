package dev.cohort.coordinator.method;

import dev.cohort.coordinator.teacher.Shares;
import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Knowledge Distillation via Collaborative Learning, for the rules that need only the batch: all peers imitate one target, which
 * an {@link Ensemble} computes from their logits and the labels.
 *
 * <pre>
 * L_i = CE(z_i, y) + w T^2 KL(softmax_T(z_t) || softmax_T(z_i)),  z_t constant
 * </pre>
 *
 * Source: Guo et al., "Online Knowledge Distillation via Collaborative Learning", CVPR 2020. Only the abstract was accessible:
 * the formulas of the rules are recalled, not checked against the paper, and T = 2 and w = 1 are ours. There each student sees
 * its own random crop and flip of the same images ({@code augment.per_peer}).
 */
final class Kdcl implements Teacher {
    static final String PAPER = "Guo et al., Online Knowledge Distillation via Collaborative Learning, CVPR 2020";
    static final String TEMPERATURE = "2.0";
    static final String TERM = "ensemble";

    private final Ensemble ensemble;
    private final Distillation distillation;
    private final TeacherSetting setting;

    Kdcl(Ensemble ensemble, Arguments arguments, TeacherSetting setting) {
        this.ensemble = ensemble;
        this.distillation = Distillation.of(arguments);
        this.setting = setting;
    }

    /** Computes the target from the peers' logits. */
    @FunctionalInterface
    interface Ensemble {
        /**
         * @param logits [B, C] of each contributor, in the order of the slots
         * @param temperature at which the target will be used
         */
        Target of(List<double[]> logits, SoftLabels labels, double temperature);
    }

    /** Logits [B, C], or probabilities at the temperature of the distillation. */
    static final class Target {
        final double[] values;
        final Term.Space space;
        /** Share of each contributor, where the target is a combination of them. */
        final Optional<double[]> weights;

        Target(double[] values, Term.Space space) {
            this(values, space, Optional.empty());
        }

        /** @param weights by which {@code values} is a combination of the contributors' logits */
        Target(double[] values, Term.Space space, Optional<double[]> weights) {
            this.values = values;
            this.space = space;
            this.weights = weights;
        }
    }

    @Override
    public int contributorsMin() {
        return 2;
    }

    private Target target(StepInput input) {
        List<double[]> logits = PredictionMatrices.logits(
                PredictionMatrices.bySlot(input.predictions()), input.labels().rows(), setting.classes());
        return ensemble.of(logits, input.labels(), distillation.temperature());
    }

    @Override
    public Shares shares(NamedTensors state, StepInput input, TeacherStep teacherStep) {
        return target(input)
                .weights
                .map(weights -> Shares.alike(input, weights))
                .orElseGet(() -> Teacher.super.shares(state, input, teacherStep));
    }

    @Override
    public TeacherStep teach(NamedTensors state, StepInput input) {
        int rows = input.labels().rows();
        Target target = target(input);
        Term term = new Term.SoftTarget(
                TERM,
                Tensor.of(setting.wire(), target.values, rows, setting.classes()),
                target.space,
                Term.Vote.INCLUDED,
                distillation.weightAt(input.epoch()),
                distillation.temperature());
        return new TeacherStep(1, List.of(term), new TreeMap<>(), state);
    }
}
