package dev.cohort.coordinator.method;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.Softmax;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.List;
import java.util.TreeMap;

/**
 * Deep Mutual Learning: every peer imitates the probabilities of every other.
 *
 * <pre>
 * L_i = CE(z_i, y) + w/(m-1) * sum over j != i of T^2 KL(p_j || p_i),  p_k = softmax_T(z_k), p_j constant
 * </pre>
 *
 * One target serves all: the mean {@code p = (1/m) sum p_k}, from which contributor i takes its own part,
 * {@code q_i = (m p - p_i) / (m - 1)}. {@code T^2 KL(q_i || p_i)} has the same gradient as the mean of the pairwise terms; its
 * value is smaller by {@code T^2 (H(q_i) - mean of H(p_j))}, which does not depend on peer i.
 *
 * <p>Source: Zhang, Xiang, Hospedales, Lu, "Deep Mutual Learning", CVPR 2018 (arXiv 1706.00384), the synchronous form; T = 1 and
 * w = 1 as there. The factor T^2 at other temperatures is that of Hinton et al. (2015).
 */
final class Dml implements Teacher {
    static final Method METHOD = new Method(
            "dml",
            "every peer imitates the mean probability of the others",
            "L_i = CE(z_i, y) + w(epoch)/(m-1) * sum_{j!=i} T^2 KL(softmax_T(z_j) || softmax_T(z_i))",
            "Zhang et al., Deep Mutual Learning, CVPR 2018, arXiv 1706.00384",
            Distillation.parameters("1.0"),
            (arguments, setting) -> new Dml(Distillation.of(arguments), setting));

    private static final String TERM = "peers";

    private final Distillation distillation;
    private final TeacherSetting setting;

    private Dml(Distillation distillation, TeacherSetting setting) {
        this.distillation = distillation;
        this.setting = setting;
    }

    @Override
    public int contributorsMin() {
        return 2;
    }

    @Override
    public TeacherStep teach(NamedTensors state, StepInput input) {
        int rows = input.labels().rows();
        double temperature = distillation.temperature();
        List<double[]> probabilities =
                PredictionMatrices.logits(PredictionMatrices.bySlot(input.predictions()), rows, setting.classes())
                        .stream()
                        .map(logits -> Softmax.probabilities(logits, setting.classes(), temperature))
                        .toList();
        Term target = new Term.SoftTarget(
                TERM,
                Tensor.of(setting.wire(), PredictionMatrices.mean(probabilities), rows, setting.classes()),
                Term.Space.PROBABILITIES,
                Term.Vote.LEFT_OUT,
                distillation.weightAt(input.epoch()),
                temperature);
        return new TeacherStep(1, List.of(target), new TreeMap<>(), state);
    }
}
