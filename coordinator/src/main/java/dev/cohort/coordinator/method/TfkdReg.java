package dev.cohort.coordinator.method;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.Softmax;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;

/**
 * Teacher-free distillation from a virtual teacher that knows the true class and nothing else.
 *
 * <pre>
 * p_d(k) = a if k is the true class, else (1 - a) / (C - 1);   q = softmax(p_d / tau), a softmax of probabilities
 * L_i = (1 - alpha) CE(z_i, y) + alpha KL(q || softmax(z_i))         with student: untempered
 * L_i = (1 - alpha) CE(z_i, y) + alpha KL(q || softmax(z_i / tau))   with student: tempered, no factor T^2
 * </pre>
 *
 * <p>Mixed labels have several true classes: each source of the mix has its own q, and the target is their mean by the label
 * weights. The loss is linear in the labels, as the cross-entropy is, so the gradient equals that of the weighted
 * sum of the sources' losses.
 *
 * <p>Source: Yuan et al., "Revisiting Knowledge Distillation via Label Smoothing Regularization", CVPR 2020 (arXiv 1909.11723),
 * Tf-KD_reg. {@code tempered} is the paper's formula. {@code untempered} is what its code
 * (yuanli2333/Teacher-free-Knowledge-Distillation) does on CIFAR and therefore what its figures come from: the default. There a
 * = 0.99, tau = 20, alpha = 0.1; with these q is nearly uniform. The code's {@code multiplier}, which repairs a mean over
 * classes, is not needed here.
 */
final class TfkdReg implements Teacher {
    private static final String A = "a";
    private static final String TAU = "tau";
    private static final String ALPHA = "alpha";
    private static final String STUDENT = "student";
    private static final String UNTEMPERED = "untempered";
    private static final String TEMPERED = "tempered";

    static final Method METHOD = new Method(
            "tfkd_reg",
            "every peer imitates a virtual teacher made from the labels",
            "L_i = (1 - alpha) CE(z_i, y) + alpha KL(softmax(p_d / tau) || softmax(z_i)), or softmax(z_i / tau) with"
                    + " student tempered; p_d = a for the true class, (1 - a)/(C - 1) for each other",
            "Yuan et al., Revisiting KD via Label Smoothing Regularization, CVPR 2020, arXiv 1909.11723",
            List.of(
                    new MethodParameter(
                            A,
                            MethodParameter.Range.SHARE,
                            "0.99",
                            "probability that the teacher gives to the true class"),
                    new MethodParameter(
                            TAU, MethodParameter.Range.TEMPERATURE, "20", "temperature of the virtual teacher"),
                    new MethodParameter(
                            ALPHA,
                            MethodParameter.Range.SHARE,
                            "0.1",
                            "weight of the teacher; the labels have the rest"),
                    new MethodParameter(
                            STUDENT,
                            MethodParameter.Range.oneOf(UNTEMPERED, TEMPERED),
                            UNTEMPERED,
                            "untempered: softmax(z), as the paper's code on CIFAR; tempered: softmax(z / tau), as its"
                                    + " formula")),
            TfkdReg::new);

    private static final String TERM = "virtual";

    private final double a;
    private final double tau;
    private final double alpha;
    private final double studentTemperature;
    private final TeacherSetting setting;

    private TfkdReg(Arguments arguments, TeacherSetting setting) {
        this.a = arguments.number(A);
        this.tau = arguments.number(TAU);
        this.alpha = arguments.number(ALPHA);
        this.studentTemperature = arguments.word(STUDENT).equals(TEMPERED) ? tau : 1;
        this.setting = setting;
    }

    @Override
    public int contributorsMin() {
        return 0;
    }

    @Override
    public TeacherStep teach(NamedTensors state, StepInput input) {
        SoftLabels labels = input.labels();
        double[] target = new double[labels.rows() * setting.classes()];
        for (int source = 0; source < labels.weights().size(); source++) {
            double[] q = Softmax.probabilities(virtualTeacher(labels, source), setting.classes(), tau);
            for (int i = 0; i < target.length; i++) {
                target[i] += labels.weights().get(source) * q[i];
            }
        }
        Term term = new Term.SoftTarget(
                TERM,
                Tensor.of(setting.wire(), target, labels.rows(), setting.classes()),
                Term.Space.PROBABILITIES,
                Term.Vote.INCLUDED,
                alpha / (studentTemperature * studentTemperature),
                studentTemperature);
        return new TeacherStep(1 - alpha, List.of(term), new TreeMap<>(), state);
    }

    /** p_d [B, C] where the classes of one source of the mix are the true ones. */
    double[] virtualTeacher(SoftLabels labels, int source) {
        double[] probabilities = new double[labels.rows() * setting.classes()];
        Arrays.fill(probabilities, (1 - a) / (setting.classes() - 1));
        for (int row = 0; row < labels.rows(); row++) {
            probabilities[
                    row * setting.classes() + labels.classIds().get(source).get(row)] = a;
        }
        return probabilities;
    }
}
