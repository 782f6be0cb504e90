package dev.cohort.coordinator.method;

import dev.cohort.coordinator.teacher.Shares;
import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.Softmax;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.IntPredicate;

/**
 * A chain of students, the smallest first in the experiment: each learns from all that come after it, and in each step some
 * teachers are dropped at random.
 *
 * <pre>
 * L_i = CE(z_i, y) + w sum over j &gt; i with b_j = 1 of T^2 KL(softmax_T(z_j) || softmax_T(z_i)),  z_j constant
 * b_j = 1 with probability keep, drawn once per step from (seed, step, slot of j)
 * </pre>
 *
 * A sum, not divided by the number of teachers. One soft target is enough: the mean probability of the K kept teachers with
 * weight {@code w K}, which has the same gradient; its value is smaller by {@code w T^2 (K H(mean) - sum of H(p_j))}, which does
 * not depend on peer i. The target's name lists the slots of the kept teachers, so that the draw can be read off the log. The
 * last peer, and one whose teachers were all dropped, learns from the labels. So does a peer whose prediction was not used: its
 * teachers depend on its place, so no shared target fits it.
 *
 * <p>Source: Son et al., "Densely Guided Knowledge Distillation using Multiple Teacher Assistants", ICCV 2021 (arXiv
 * 2009.08825); only the abstract was accessible. There the teachers are trained one after the other; here all
 * learn at once. The weights, the temperature and {@code keep} are ours.
 */
final class StochasticTeaching implements Teacher {
    private static final String KEEP = "keep";

    static final Method METHOD = new Method(
            "stochastic_teaching",
            "every peer imitates those after it in the experiment, some of which are dropped at random",
            "L_i = CE(z_i, y) + w(epoch) sum_{j>i, b_j=1} T^2 KL(softmax_T(z_j) || softmax_T(z_i)), P(b_j = 1) = keep",
            "Son et al., Densely Guided KD using Multiple Teacher Assistants, ICCV 2021, arXiv 2009.08825",
            Distillation.parameters(
                    "4.0",
                    new MethodParameter(
                            KEEP, MethodParameter.Range.SHARE, "0.5", "probability that a teacher is kept in a step")),
            (arguments, setting) ->
                    new StochasticTeaching(Distillation.of(arguments), arguments.number(KEEP), setting));

    private final Distillation distillation;
    private final double keep;
    private final TeacherSetting setting;

    private StochasticTeaching(Distillation distillation, double keep, TeacherSetting setting) {
        this.distillation = distillation;
        this.keep = keep;
        this.setting = setting;
    }

    @Override
    public int contributorsMin() {
        return 2;
    }

    /** Whether the peer in {@code slot} teaches in {@code step}; independent of the other slots. */
    boolean kept(long step, int slot) {
        long seeded = new SplittableRandom(setting.seed()).nextLong() + step;
        long stepped = new SplittableRandom(seeded).nextLong() + slot;
        return new SplittableRandom(stepped).nextDouble() < keep;
    }

    @Override
    public TeacherStep teach(NamedTensors state, StepInput input) {
        return new TeacherStep(1, List.of(), addressed(input, slot -> kept(input.step(), slot)), state);
    }

    /** The target of each peer: the mean of the kept teachers after it. */
    SortedMap<Integer, List<Term>> addressed(StepInput input, IntPredicate kept) {
        SortedMap<Integer, List<Term>> addressed = new TreeMap<>();
        for (PeerPrediction student : input.predictions()) {
            List<PeerPrediction> teachers = input.predictions().stream()
                    .filter(prediction -> prediction.slot() > student.slot() && kept.test(prediction.slot()))
                    .toList();
            if (!teachers.isEmpty()) {
                addressed.put(student.slot(), List.of(target(teachers, input)));
            }
        }
        return addressed;
    }

    /** Equal shares of all kept teachers of a peer. */
    @Override
    public Shares shares(NamedTensors state, StepInput input, TeacherStep teacherStep) {
        SortedMap<Integer, SortedMap<Integer, Double>> byStudent = new TreeMap<>();
        for (int student : teacherStep.addressed().keySet()) {
            List<Integer> teachers = Shares.slots(input).stream()
                    .filter(slot -> slot > student && kept(input.step(), slot))
                    .toList();
            SortedMap<Integer, Double> row = new TreeMap<>();
            Shares.add(row, teachers, 1);
            byStudent.put(student, row);
        }
        return new Shares(true, byStudent);
    }

    private Term target(List<PeerPrediction> teachers, StepInput input) {
        int rows = input.labels().rows();
        double temperature = distillation.temperature();
        List<double[]> probabilities = new ArrayList<>();
        StringBuilder name = new StringBuilder("slots");
        for (PeerPrediction teacher : teachers) {
            probabilities.add(Softmax.probabilities(
                    PredictionMatrices.matrix(
                            teacher.slot(), teacher.tensors(), TensorName.LOGITS, rows, setting.classes()),
                    setting.classes(),
                    temperature));
            name.append(' ').append(teacher.slot());
        }
        return new Term.SoftTarget(
                name.toString(),
                Tensor.of(setting.wire(), PredictionMatrices.mean(probabilities), rows, setting.classes()),
                Term.Space.PROBABILITIES,
                Term.Vote.INCLUDED,
                teachers.size() * distillation.weightAt(input.epoch()),
                temperature);
    }
}
