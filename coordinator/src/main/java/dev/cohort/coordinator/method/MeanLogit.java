package dev.cohort.coordinator.method;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The teacher is the mean of the peers' logits.
 *
 * <pre>
 * L_i = CE(z_i, y) + w T^2 KL(softmax_T(t_i) || softmax_T(z_i)),  t_i constant
 * t_i = (1/m) sum over all z_k               with self: true
 * t_i = (1/(m-1)) sum over z_k with k != i   with self: false
 * </pre>
 *
 * Source: the logit part of Yang et al., "Mutual Contrastive Learning for Visual Representation Learning", AAAI 2022, code
 * winycg/MCL: the mean of all, T = 3. The mean of the others is the target of CL-ILR as the code of OKDDip has it.
 */
final class MeanLogit implements Teacher {
    private static final String SELF = "self";

    static final Method METHOD = new Method(
            "mean_logit",
            "every peer imitates the mean of the logits",
            "L_i = CE(z_i, y) + w(epoch) T^2 KL(softmax_T(mean of z_k) || softmax_T(z_i))",
            "Yang et al., Mutual Contrastive Learning (logit part), AAAI 2022",
            Distillation.parameters(
                    "3.0",
                    new MethodParameter(
                            SELF,
                            MethodParameter.Range.FLAG,
                            "true",
                            "true: mean over all peers; false: each peer's own logits are left out")),
            (arguments, setting) -> new MeanLogit(Distillation.of(arguments), arguments.flag(SELF), setting));

    private static final String TERM = "mean";

    private final Distillation distillation;
    private final Term.Vote vote;
    private final TeacherSetting setting;

    private MeanLogit(Distillation distillation, boolean self, TeacherSetting setting) {
        this.distillation = distillation;
        this.vote = self ? Term.Vote.INCLUDED : Term.Vote.LEFT_OUT;
        this.setting = setting;
    }

    @Override
    public int contributorsMin() {
        return 2;
    }

    @Override
    public TeacherStep teach(NamedTensors state, StepInput input) {
        int rows = input.labels().rows();
        double[] mean = PredictionMatrices.mean(
                PredictionMatrices.logits(PredictionMatrices.bySlot(input.predictions()), rows, setting.classes()));
        Term target = new Term.SoftTarget(
                TERM,
                Tensor.of(setting.wire(), mean, rows, setting.classes()),
                Term.Space.LOGITS,
                vote,
                distillation.weightAt(input.epoch()),
                distillation.temperature());
        return new TeacherStep(1, List.of(target), new TreeMap<>(), state);
    }

    /** The mean of all, also where training leaves the own logits out. */
    @Override
    public Optional<Tensor> evaluate(NamedTensors state, SortedMap<Integer, NamedTensors> predictions) {
        if (predictions.isEmpty()) {
            return Optional.empty();
        }
        int rows = PredictionMatrices.rows(predictions);
        List<double[]> logits = PredictionMatrices.logits(predictions, rows, setting.classes());
        return Optional.of(Tensor.of(setting.wire(), PredictionMatrices.mean(logits), rows, setting.classes()));
    }
}
