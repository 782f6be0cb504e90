package dev.cohort.coordinator.method;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.OwnTeacher;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.NamedTensors;
import java.util.List;
import java.util.TreeMap;

/**
 * The similarity part of MEAL: several stored teachers, of which one is drawn for every batch, and no labels.
 *
 * <pre>
 * L_i = gamma * mean over the batch of -sum softmax(z_t) log softmax(z_i),  t drawn from (seed, step), z_t constant
 * </pre>
 *
 * The draw is a function of the run's seed and the step, the same for all peers, and the outcome's target is named after it:
 * {@code teacher_2_of_3}. Every peer runs the drawn teacher itself, in evaluation mode: no target depends on a prediction, and no
 * peer is awaited. The reported distillation loss is gamma KL(softmax(z_t) || softmax(z_i)), which has the same gradient and is
 * smaller by gamma times the teacher's entropy.
 *
 * <p>Source: Shen, He, Xue, "MEAL: Multi-Model Ensemble via Adversarial Learning", AAAI 2019 (arXiv 1812.02425), code
 * AaronHeee/MEAL: soft cross-entropy without temperature, the labels unused, one teacher per batch, and for its ensemble of
 * five the last layer alone with gamma = 1, as here. That code compares pooled inner layers too and has a discriminator per
 * layer; both are left out. Its teachers are in training mode by default; here they are not.
 */
final class Meal implements Teacher {
    private static final String GAMMA = "gamma";

    static final Method METHOD = new Method(
            "meal",
            "every peer imitates one of several stored networks, drawn for each batch, and no labels",
            "L_i = gamma * -sum softmax(z_t) log softmax(z_i), z_t: the stored network that was drawn for the batch",
            "Shen et al., MEAL: Multi-Model Ensemble via Adversarial Learning (similarity part), AAAI 2019, arXiv"
                    + " 1812.02425",
            MethodParameter.all(
                    StoredTeacher.several("a trained resnet8 and a trained resnet14"),
                    new MethodParameter(GAMMA, MethodParameter.Range.POSITIVE_FACTOR, "1.0", "factor of the loss")),
            Meal::new);

    private final OwnTeacher.Frozen stored;
    private final double gamma;

    private Meal(Arguments arguments, TeacherSetting setting) {
        stored = new OwnTeacher.Frozen(
                StoredTeacher.checkpoints(arguments, List.of(StoredTeacher.RESNET8, StoredTeacher.RESNET14)),
                OwnTeacher.Frozen.Choice.DRAWN,
                setting.seed());
        gamma = arguments.number(GAMMA);
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
        String drawn = "teacher_" + (stored.drawn(input.step()) + 1) + "_of_"
                + stored.checkpoints().size();
        Term target = new Term.OwnTarget(drawn, Term.OwnTarget.Form.DIVERGENCE, gamma, 1);
        return new TeacherStep(0, List.of(target), new TreeMap<>(), state);
    }
}
