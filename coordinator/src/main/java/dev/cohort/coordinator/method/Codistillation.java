package dev.cohort.coordinator.method;

import dev.cohort.coordinator.Teacher;
import dev.cohort.distill.OwnTeacher;
import dev.cohort.distill.Softmax;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.List;
import java.util.TreeMap;

/**
 * Codistillation by stale predictions: every peer imitates what old copies of the others say of the same batch.
 *
 * <pre>
 * L_i = CE(z_i, y) + w T^2 KL(q_i || softmax_T(z_i)) after burn_in_steps, before: CE(z_i, y)
 * q_i = 1/(m-1) sum over j != i of softmax_T(s_j),  s_j: logits of a copy of peer j, constant
 * </pre>
 *
 * Each peer copies itself before step 1 and again after every {@code every_steps} = k updates, so at step t its copy is {@code
 * (t - 1) mod k} updates old; it runs the copy, in evaluation mode, and publishes its logits beside its own. With k = 1 the
 * copy is the network of now, but with batch norm's running statistics. k = 0 takes the peers' own logits instead: the
 * gradient is then that of dml. One target serves all, the mean over all copies, from which each contributor takes out what its
 * own copy said; a peer that is late has the mean of all.
 *
 * <p>Source: Anil et al., "Large scale distributed neural network training through online distillation", ICLR 2018 (arXiv
 * 1804.03235): stale predictions of the others, burn-in, interval of exchange. The cross-entropy with soft targets of which its
 * algorithm is remembered to speak has the same gradient as the KL at T = 1 and differs in value by the entropy of q_i. Ours:
 * all peers see the same batch, the copies' predictions travel instead of their weights, and the default k = 50.
 */
final class Codistillation implements Teacher {
    private static final String EVERY_STEPS = "every_steps";
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
                    new Parameter(
                            EVERY_STEPS,
                            Parameter.Range.WHOLE,
                            "50",
                            "updates between two copies that a peer takes of itself; 0 = the peers' logits of now"),
                    new Parameter(
                            BURN_IN_STEPS,
                            Parameter.Range.WHOLE,
                            "0",
                            "first steps, which learn from the labels alone")),
            List.of(TensorName.OWN_TEACHER),
            2,
            Codistillation::new);

    private static final String TERM = "others_copies";

    private final Distillation distillation;
    private final long everySteps;
    private final long burnInSteps;
    private final TeacherSetting setting;

    private Codistillation(Arguments arguments, TeacherSetting setting) {
        this.setting = setting;
        distillation = Distillation.of(arguments);
        everySteps = arguments.whole(EVERY_STEPS);
        burnInSteps = arguments.whole(BURN_IN_STEPS);
    }

    /** Whether copies teach, not the peers as they are now. */
    private boolean stale() {
        return everySteps > 0;
    }

    @Override
    public List<String> reads() {
        return stale() ? METHOD.reads() : List.of();
    }

    @Override
    public OwnTeacher ownTeacher() {
        return stale() ? new OwnTeacher.Stale(everySteps) : new OwnTeacher.None();
    }

    @Override
    public int contributorsMin() {
        return METHOD.contributorsMin();
    }

    @Override
    public Lesson teach(NamedTensors state, Votes votes) {
        if (votes.step() <= burnInSteps) {
            return new Lesson(1, List.of(), new TreeMap<>(), state);
        }
        int rows = votes.labels().rows();
        double temperature = distillation.temperature();
        String voice = stale() ? TensorName.OWN_TEACHER : TensorName.LOGITS;
        List<double[]> probabilities = Matrices.bySlot(votes.votes()).entrySet().stream()
                .map(vote -> Softmax.probabilities(
                        Matrices.matrix(vote.getKey(), vote.getValue(), voice, rows, setting.classes()),
                        setting.classes(),
                        temperature))
                .toList();
        Term target = new Term.SoftTarget(
                TERM,
                Tensor.of(setting.wire(), Matrices.mean(probabilities), rows, setting.classes()),
                Term.Space.PROBABILITIES,
                stale() ? Term.Vote.OWN_TEACHER_LEFT_OUT : Term.Vote.LEFT_OUT,
                distillation.weightAt(votes.epoch()),
                temperature);
        return new Lesson(1, List.of(target), new TreeMap<>(), state);
    }
}
