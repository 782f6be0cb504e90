package dev.cohort.coordinator.method;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.OwnTeacher;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.NamedTensors;
import java.util.List;
import java.util.TreeMap;

/**
 * Distillation from a stored network, in four roles: a good teacher ({@code kd}), one weaker than the student ({@code
 * reversed_kd}), one that was badly trained ({@code defective_kd}), and one of the student's own architecture ({@code
 * tfkd_self}).
 *
 * <pre>
 * L_i = (1 - alpha) CE(z_i, y) + alpha T^2 KL(softmax_T(z_t) || softmax_T(z_i)),  z_t constant
 * </pre>
 *
 * Every peer runs the teacher itself, in evaluation mode, on its own view of the batch: no target depends on a prediction, and
 * no peer is awaited.
 *
 * <p>Source: Hinton, Vinyals, Dean, "Distilling the Knowledge in a Neural Network" (2015); the other three: Yuan et al.,
 * "Revisiting Knowledge Distillation via Label Smoothing Regularization", CVPR 2020 (arXiv 1909.11723), and its code
 * yuanli2333/Teacher-free-Knowledge-Distillation, which sets alpha = 0.6, T = 20 for ResNet-50 to ResNet-18 and alpha = 0.95, T
 * = 20 for MobileNetV2 and ShuffleNetV2 as their own teachers. That code takes the KL as a mean over classes, C times smaller,
 * and compensates with a multiplier; here it is the sum, as in the formula. Ours: the values of kd also for reversed and
 * defective teachers.
 */
final class Kd implements Teacher {
    private static final String ALPHA = "alpha";
    private static final String TEMPERATURE = "temperature";
    private static final String LOSS =
            "L_i = (1 - alpha) CE(z_i, y) + alpha T^2 KL(softmax_T(z_t) || softmax_T(z_i)), z_t: ";
    private static final String REVISITING =
            "Yuan et al., Revisiting Knowledge Distillation via Label Smoothing Regularization, CVPR 2020, arXiv"
                    + " 1909.11723";

    static final Method CLASSIC = method(
            "kd",
            "every peer imitates a stored, trained network",
            "a stored network",
            "Hinton et al., Distilling the Knowledge in a Neural Network, 2015, arXiv 1503.02531",
            "0.6",
            StoredTeacher.one("a trained resnet14", "resnet14", "auto"),
            List.of(StoredTeacher.RESNET14),
            OwnTeacher.Frozen.Choice.ONLY);

    static final Method REVERSED = method(
            "reversed_kd",
            "every peer imitates a stored network that is weaker than itself",
            "a stored network of a smaller kind",
            REVISITING,
            "0.6",
            StoredTeacher.one("a trained resnet8", "resnet8", "auto"),
            List.of(StoredTeacher.RESNET8),
            OwnTeacher.Frozen.Choice.ONLY);

    static final Method DEFECTIVE = method(
            "defective_kd",
            "every peer imitates a stored network whose training was stopped early",
            "a stored network that was hardly trained",
            REVISITING,
            "0.6",
            StoredTeacher.one("a resnet8 after a few steps", "resnet8", StoredTeacher.HARDLY),
            List.of(StoredTeacher.DEFECTIVE),
            OwnTeacher.Frozen.Choice.ONLY);

    static final Method SELF = method(
            "tfkd_self",
            "every peer imitates a stored, trained network of its own architecture",
            "a stored network of the architecture of i",
            REVISITING,
            "0.95",
            StoredTeacher.several("a trained resnet8 and a trained resnet14, each for its own kind"),
            List.of(StoredTeacher.RESNET8, StoredTeacher.RESNET14),
            OwnTeacher.Frozen.Choice.OF_ITS_MODEL);

    private static final String TERM = "stored";

    private final OwnTeacher stored;
    private final double alpha;
    private final double temperature;

    private Kd(Arguments arguments, OwnTeacher stored) {
        this.stored = stored;
        alpha = arguments.number(ALPHA);
        temperature = arguments.number(TEMPERATURE);
    }

    private static Method method(
            String name,
            String summary,
            String teacher,
            String paper,
            String alpha,
            List<MethodParameter> stored,
            List<String> builtIn,
            OwnTeacher.Frozen.Choice choice) {
        return new Method(
                name,
                summary,
                LOSS + teacher,
                paper,
                MethodParameter.all(
                        stored,
                        new MethodParameter(
                                ALPHA,
                                MethodParameter.Range.SHARE,
                                alpha,
                                "share of the teacher in the loss; the labels have the rest"),
                        new MethodParameter(
                                TEMPERATURE,
                                MethodParameter.Range.TEMPERATURE,
                                "20.0",
                                "T of teacher and student; the loss carries T^2")),
                (arguments, setting) -> new Kd(
                        arguments, new OwnTeacher.Frozen(StoredTeacher.checkpoints(arguments, builtIn), choice)));
    }

    @Override
    public OwnTeacher ownTeacher() {
        return stored;
    }

    @Override
    public int contributorsMin() {
        return 0;
    }

    @Override
    public TeacherStep teach(NamedTensors state, StepInput input) {
        Term target = new Term.OwnTarget(TERM, Term.OwnTarget.Form.DIVERGENCE, alpha, temperature);
        return new TeacherStep(1 - alpha, List.of(target), new TreeMap<>(), state);
    }
}
