package dev.cohort.coordinator.method;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;

/**
 * Label smoothing: every peer learns from labels that leave some probability to the wrong classes. There is no teacher, so it
 * separates the effect of smoothing from that of knowledge.
 *
 * <pre>
 * L_i = CE(z_i, y'),  y' = (1 - d) y + d u,  u uniform over all C classes
 * d = epsilon             with form: uniform
 * d = epsilon C / (C-1)   with form: others: a true class has 1 - epsilon, each other class epsilon / (C-1)
 * CE(z, y') = (1 - d) CE(z, y) + d (KL(u || softmax(z)) + ln C)
 * </pre>
 *
 * One row is the target of all rows, since u is the same for all. The loss a peer reports for it is the KL, smaller than the
 * smoothed cross-entropy's part by the constant {@code d ln C}. Linear in y, so mixed labels need no rule of their own.
 *
 * <p>Source: the identity and {@code others} are those of Yuan et al., "Revisiting Knowledge Distillation via Label Smoothing
 * Regularization", CVPR 2020 (arXiv 1909.11723), and its code, with epsilon = 0.1 there; {@code uniform} is the definition in
 * its text and therefore the default.
 */
final class LabelSmoothing implements Teacher {
    private static final String EPSILON = "epsilon";
    private static final String FORM = "form";
    private static final String UNIFORM = "uniform";
    private static final String OTHERS = "others";

    static final Method METHOD = new Method(
            "label_smoothing",
            "every peer learns from smoothed labels, without a teacher",
            "L_i = CE(z_i, (1 - d) y + d/C), d = epsilon (form uniform) or epsilon C/(C-1) (form others)",
            "Yuan et al., Revisiting KD via Label Smoothing Regularization, CVPR 2020, arXiv 1909.11723",
            List.of(
                    new MethodParameter(
                            EPSILON, MethodParameter.Range.SHARE, "0.1", "probability that the labels give away"),
                    new MethodParameter(
                            FORM,
                            MethodParameter.Range.oneOf(UNIFORM, OTHERS),
                            UNIFORM,
                            "uniform: to all C classes alike; others: to the C-1 wrong ones")),
            (arguments, setting) -> new LabelSmoothing(
                    arguments.number(EPSILON), arguments.word(FORM).equals(OTHERS), setting));

    private static final String TERM = "uniform";

    private final double given;
    private final TeacherSetting setting;

    private LabelSmoothing(double epsilon, boolean others, TeacherSetting setting) {
        this.given = others ? epsilon * setting.classes() / (setting.classes() - 1) : epsilon;
        this.setting = setting;
    }

    @Override
    public int contributorsMin() {
        return 0;
    }

    @Override
    public TeacherStep teach(NamedTensors state, StepInput input) {
        double[] uniform = new double[setting.classes()];
        Arrays.fill(uniform, 1.0 / setting.classes());
        Term target = new Term.SoftTarget(
                TERM,
                Tensor.of(setting.wire(), uniform, 1, setting.classes()),
                Term.Space.PROBABILITIES,
                Term.Vote.INCLUDED,
                given,
                1);
        return new TeacherStep(1 - given, List.of(target), new TreeMap<>(), state);
    }
}
