package dev.cohort.coordinator.method;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.OwnTeacher;
import dev.cohort.distill.Softmax;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Peer Collaborative Learning: two teachers at once, a classifier on the features of all peers ({@link FusedHead}), and the
 * averages of the other peers' weights.
 *
 * <pre>
 * z_E = W concat(f_1 .. f_m) + b
 * L = CE(z_E, y) + sum_i [CE(z_i, y) + w T^2 KL(z_E || z_i) + w/(m-1) sum over j != i of T^2 KL(t_j || z_i)]
 * KL(a || b) is that of softmax_T(a) and softmax_T(b), a constant; t_j are the logits of the average of peer j's weights
 * </pre>
 *
 * CE(z_E, y) is not detached: contributor i gets its part in f_i as an addressed leaf gradient, and the coordinator trains the
 * head with the experiment's optimizer. The averages are a mean of divergences, not a divergence from the mean logits:
 * one target serves all, the mean of {@code softmax_T(t_j)}, from which a contributor takes out the part of its own average.
 * Gradients are those of the formula; the value reported for {@code averages} is smaller by the part that does not depend on the
 * student, {@code T^2 (H(q_i) - mean of H(softmax_T(t_j)))}, q_i the mean of the others.
 *
 * <p>A peer that does not contribute gets both targets, the mean over all averages included. With an absent slot the head uses
 * the slots present.
 *
 * <p>Source: Wu and Gong, "Peer Collaborative Learning for Online Knowledge Distillation", AAAI 2021 (arXiv 2006.04147), as a
 * third party's reproduction reads it (shaoeric/Peer-Collaborative-Learning-for-Online-Knowledge-Distillation): T = 3, decay
 * min(1 - 1/(t+1), 0.999), averages of parameters with batch norm in training mode. Peers are whole networks here, not the
 * branches of one; each sees the batch it is sent, not an augmentation of its own. The paper evaluates the averages of the
 * weights; here the students are evaluated, and as the teacher the head.
 */
final class Pcl implements Teacher {
    private static final String EMA_DECAY = "ema_decay";

    static final Method METHOD = new Method(
            "pcl",
            "every peer imitates a classifier on the features of all, and the weight averages of the others",
            "L_i = CE(z_i, y) + w(epoch) [T^2 KL(softmax_T(z_E) || softmax_T(z_i)) + 1/(m-1) sum_{j!=i} T^2"
                    + " KL(softmax_T(t_j) || softmax_T(z_i))], shared: CE(z_E, y), z_E = W concat(f) + b, t_j = logits of"
                    + " peer j's weight average",
            "Wu and Gong, Peer Collaborative Learning for Online Knowledge Distillation, AAAI 2021, arXiv 2006.04147",
            Distillation.parameters(
                    "3.0",
                    new MethodParameter(
                            EMA_DECAY,
                            MethodParameter.Range.BELOW_ONE,
                            "0.999",
                            "largest decay a of the weight averages, a = min(1 - 1/(t+1), ema_decay) after update t")),
            (arguments, setting) -> new Pcl(Distillation.of(arguments), arguments.number(EMA_DECAY), setting));

    private static final String ENSEMBLE = "ensemble";
    private static final String AVERAGES = "averages";
    private static final String HEAD = "head";

    private final Distillation distillation;
    private final double emaDecay;
    private final TeacherSetting setting;
    private final FusedHead head;

    private Pcl(Distillation distillation, double emaDecay, TeacherSetting setting) {
        this.distillation = distillation;
        this.emaDecay = emaDecay;
        this.setting = setting;
        head = new FusedHead(setting.featureWidths(), setting.classes());
    }

    @Override
    public List<String> reads() {
        return List.of(TensorName.FEATURES, TensorName.OWN_TEACHER);
    }

    @Override
    public OwnTeacher ownTeacher() {
        return new OwnTeacher.Average(emaDecay);
    }

    @Override
    public int contributorsMin() {
        return 2;
    }

    @Override
    public NamedTensors initialState() {
        Map<String, Tensor> state = new TreeMap<>();
        head.initial(state, setting.seed());
        return NamedTensors.of(state);
    }

    @Override
    public NamedTensors renewed(NamedTensors state, int slot) {
        return ResetSlot.named(state, initialState(), slot);
    }

    @Override
    public TeacherStep teach(NamedTensors state, StepInput input) {
        FusedHead.Step step = step(state, input);
        return new TeacherStep(
                1,
                List.of(ensemble(step, input), averages(input)),
                addressed(step, input),
                head.updated(state, step, input.learningRate(), setting.optimizer()));
    }

    /** CE(z_E, y) and its gradients. */
    FusedHead.Step step(NamedTensors state, StepInput input) {
        SortedMap<Integer, double[]> features = PredictionMatrices.features(
                PredictionMatrices.bySlot(input.predictions()), input.labels().rows(), setting.featureWidths());
        return head.step(state, features, input.labels());
    }

    private Term ensemble(FusedHead.Step step, StepInput input) {
        return new Term.SoftTarget(
                ENSEMBLE,
                Tensor.of(setting.wire(), step.logits, input.labels().rows(), setting.classes()),
                Term.Space.LOGITS,
                Term.Vote.INCLUDED,
                distillation.weightAt(input.epoch()),
                distillation.temperature());
    }

    private Term averages(StepInput input) {
        int rows = input.labels().rows();
        List<double[]> probabilities =
                PredictionMatrices.ownTeachers(PredictionMatrices.bySlot(input.predictions()), rows, setting.classes())
                        .stream()
                        .map(logits -> Softmax.probabilities(logits, setting.classes(), distillation.temperature()))
                        .toList();
        return new Term.SoftTarget(
                AVERAGES,
                Tensor.of(setting.wire(), PredictionMatrices.mean(probabilities), rows, setting.classes()),
                Term.Space.PROBABILITIES,
                Term.Vote.OWN_TEACHER_LEFT_OUT,
                distillation.weightAt(input.epoch()),
                distillation.temperature());
    }

    private SortedMap<Integer, List<Term>> addressed(FusedHead.Step step, StepInput input) {
        SortedMap<Integer, List<Term>> addressed = new TreeMap<>();
        step.features.forEach((slot, gradient) -> addressed.put(
                slot,
                List.of(new Term.LeafGradient(
                        HEAD,
                        TensorName.FEATURES,
                        Tensor.of(
                                setting.wire(),
                                gradient,
                                input.labels().rows(),
                                setting.featureWidths().get(slot))))));
        return addressed;
    }

    /** z_E; empty if a prediction has no features. */
    @Override
    public Optional<Tensor> evaluate(NamedTensors state, SortedMap<Integer, NamedTensors> predictions) {
        if (!PredictionMatrices.allHave(predictions, TensorName.FEATURES)) {
            return Optional.empty();
        }
        int rows = PredictionMatrices.rows(predictions);
        double[] logits =
                head.logits(state, PredictionMatrices.features(predictions, rows, setting.featureWidths()), rows);
        return Optional.of(Tensor.of(setting.wire(), logits, rows, setting.classes()));
    }
}
