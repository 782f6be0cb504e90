package dev.cohort.coordinator.method;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.OwnTeacher;
import dev.cohort.distill.Softmax;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Codistillation: every peer imitates the predictions of old copies of the others for the same batch.
 *
 * <pre>
 * L_i = CE(z_i, y) + w T^2 KL(q_i || softmax_T(z_i)) after burn_in_steps, before: CE(z_i, y)
 * q_i = 1/(m-1) sum over j != i of softmax_T(s_j),  s_j: logits of a copy of peer j, constant
 * </pre>
 *
 * Each peer copies itself before step 1 and again after every {@code every_steps} = k updates, so at step t its copy is {@code
 * (t - 1) mod k} updates old; it runs the copy, in evaluation mode, and publishes its logits beside its own. With k = 1 the
 * copy is the network of now, but with batch norm's running statistics. k = 0 takes the peers' own logits instead: the
 * gradient is then that of dml. One target serves all: the mean over all copies, from which each contributor takes out the part
 * of its own copy; a late peer uses the mean of all.
 *
 * <p>With {@code exchange=checkpoints} the weights travel instead of the copies' predictions: each peer publishes its weights
 * with its prediction of every k-th step, the first included, the outcome of that step passes them to all, and from the next
 * step on every peer runs the copies of the others itself ({@link OwnTeacher.Others}), so that between two exchanges nothing
 * travels that a target needs. It pays when a copy is smaller than k batches of logits. All peers are then of one architecture.
 * A peer that joins between two exchanges learns from the labels alone until the next.
 *
 * <p>Source: Anil et al., "Large scale distributed neural network training through online distillation", ICLR 2018 (arXiv
 * 1804.03235): stale predictions of the others, burn-in, interval of exchange. The cross-entropy with soft targets in its
 * algorithm, as we recall it, has the same gradient as the KL at T = 1 and differs in value by the entropy of q_i. Ours: all
 * peers see the same batch, by default the copies' predictions travel instead of their weights, and k = 50.
 */
final class Codistillation implements Teacher {
    private static final String EVERY_STEPS = "every_steps";
    private static final String EXCHANGE = "exchange";
    private static final String PREDICTIONS = "predictions";
    private static final String CHECKPOINTS = "checkpoints";
    private static final String BURN_IN_STEPS = "burn_in_steps";

    static final Method METHOD = new Method(
            "codistillation",
            "every peer imitates old copies of the others",
            "L_i = CE(z_i, y) + w(epoch) T^2 KL(1/(m-1) sum_{j!=i} softmax_T(s_j) || softmax_T(z_i)), s_j from a copy"
                    + " of peer j that is up to every_steps updates old",
            "Anil et al., Large scale distributed neural network training through online distillation, ICLR 2018,"
                    + " arXiv 1804.03235",
            Distillation.parameters(
                    "1.0",
                    new MethodParameter(
                            EVERY_STEPS,
                            MethodParameter.Range.WHOLE,
                            "50",
                            "updates between two copies that a peer takes of itself; 0 = the peers' logits of now"),
                    new MethodParameter(
                            EXCHANGE,
                            MethodParameter.Range.oneOf(PREDICTIONS, CHECKPOINTS),
                            PREDICTIONS,
                            "what travels: the predictions of a peer's copy of itself for every batch, or its weights after"
                                    + " every every_steps updates, which the others then run"),
                    new MethodParameter(
                            BURN_IN_STEPS,
                            MethodParameter.Range.WHOLE,
                            "0",
                            "first steps, which learn from the labels alone")),
            Codistillation::new);

    private static final String TERM = "others_copies";
    private static final String EXCHANGED = "exchanged";

    private final Distillation distillation;
    private final long everySteps;
    private final long burnInSteps;
    private final boolean checkpoints;
    private final TeacherSetting setting;

    private Codistillation(Arguments arguments, TeacherSetting setting) {
        this.setting = setting;
        distillation = Distillation.of(arguments);
        everySteps = arguments.whole(EVERY_STEPS);
        burnInSteps = arguments.whole(BURN_IN_STEPS);
        checkpoints = arguments.word(EXCHANGE).equals(CHECKPOINTS);
        if (checkpoints && everySteps == 0) {
            throw new IllegalArgumentException(
                    "method.every_steps: 0: must be at least 1 with method.exchange=" + CHECKPOINTS);
        }
    }

    /** Whether copies teach, rather than the current peers. */
    private boolean stale() {
        return everySteps > 0;
    }

    @Override
    public List<String> reads() {
        return stale() && !checkpoints ? List.of(TensorName.OWN_TEACHER) : List.of();
    }

    @Override
    public OwnTeacher ownTeacher() {
        if (checkpoints) {
            return new OwnTeacher.Others(everySteps, distillation.temperature());
        }
        return stale() ? new OwnTeacher.Stale(everySteps) : new OwnTeacher.None();
    }

    @Override
    public int contributorsMin() {
        return 2;
    }

    /** Whether weights were exchanged yet, with {@code exchange=checkpoints}: before that no peer has copies. */
    @Override
    public NamedTensors initialState() {
        return checkpoints ? exchanged(0) : NamedTensors.none();
    }

    private static NamedTensors exchanged(double yes) {
        return NamedTensors.of(EXCHANGED, Tensor.of(DType.FLOAT64, new double[] {yes}, 1));
    }

    @Override
    public TeacherStep teach(NamedTensors state, StepInput input) {
        return checkpoints ? ofCheckpoints(state, input) : ofPredictions(state, input);
    }

    private TeacherStep ofCheckpoints(NamedTensors state, StepInput input) {
        List<Term> terms = new ArrayList<>();
        if (input.step() > burnInSteps && state.get(EXCHANGED).at(0) == 1) {
            terms.add(new Term.OwnTarget(
                    TERM,
                    Term.OwnTarget.Form.DIVERGENCE,
                    distillation.weightAt(input.epoch()),
                    distillation.temperature()));
        }
        List<Term.Copy> handed = new ArrayList<>();
        for (PeerPrediction prediction : input.predictions()) {
            SortedMap<String, Tensor> weights = new TreeMap<>();
            prediction.tensors().asMap().forEach((name, tensor) -> {
                if (name.startsWith(TensorName.WEIGHTS)) {
                    weights.put(name.substring(TensorName.WEIGHTS.length()), tensor);
                }
            });
            if (!weights.isEmpty()) {
                handed.add(new Term.Copy(prediction.slot(), NamedTensors.of(weights)));
            }
        }
        if (!handed.isEmpty()) {
            terms.add(new Term.Copies(TERM, handed));
        }
        return new TeacherStep(1, terms, new TreeMap<>(), handed.isEmpty() ? state : exchanged(1));
    }

    private TeacherStep ofPredictions(NamedTensors state, StepInput input) {
        if (input.step() <= burnInSteps) {
            return new TeacherStep(1, List.of(), new TreeMap<>(), state);
        }
        int rows = input.labels().rows();
        double temperature = distillation.temperature();
        String tensor = stale() ? TensorName.OWN_TEACHER : TensorName.LOGITS;
        List<double[]> probabilities = PredictionMatrices.bySlot(input.predictions()).entrySet().stream()
                .map(prediction -> Softmax.probabilities(
                        PredictionMatrices.matrix(
                                prediction.getKey(), prediction.getValue(), tensor, rows, setting.classes()),
                        setting.classes(),
                        temperature))
                .toList();
        Term target = new Term.SoftTarget(
                TERM,
                Tensor.of(setting.wire(), PredictionMatrices.mean(probabilities), rows, setting.classes()),
                Term.Space.PROBABILITIES,
                stale() ? Term.Vote.OWN_TEACHER_LEFT_OUT : Term.Vote.LEFT_OUT,
                distillation.weightAt(input.epoch()),
                temperature);
        return new TeacherStep(1, List.of(target), new TreeMap<>(), state);
    }
}
