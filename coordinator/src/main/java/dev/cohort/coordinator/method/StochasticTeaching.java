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
 * A chain of students, the smallest first in the experiment: each is taught by all that come after it, and some teachers fall
 * out by chance in each step.
 *
 * <pre>
 * L_i = CE(z_i, y) + w sum over j &gt; i with b_j = 1 of T^2 KL(softmax_T(z_j) || softmax_T(z_i)),  z_j constant
 * b_j = 1 with probability keep, drawn once per step from (seed, step, slot of j)
 * </pre>
 *
 * A sum, not divided by the number of teachers. One soft target says it all: the mean probability of the K kept teachers with
 * weight {@code w K}, which has the same gradient; its value is smaller by {@code w T^2 (K H(mean) - sum of H(p_j))}, which does
 * not depend on peer i. The target's name lists the slots of the kept teachers, so that the draw can be read off the log. The
 * last peer, and one whose teachers all fell out, learns from the labels. So does a peer whose prediction was not used: who
 * teaches it depends on its place, which a target for everybody cannot know.
 *
 * <p>Source: Son et al., "Densely Guided Knowledge Distillation using Multiple Teacher Assistants", ICCV 2021 (arXiv
 * 2009.08825); of its text no more than the abstract could be read. There the teachers are trained one after the other; here all
 * learn at once. The weights, the temperature and {@code keep} are ours.
 */
final class StochasticTeaching implements Teacher {
    private static final String KEEP = "keep";

    static final Method METHOD = new Method(
            "stochastic_teaching",
            "every peer imitates those after it in the experiment, some of which fall out by chance",
            "L_i = CE(z_i, y) + w(epoch) sum_{j>i, b_j=1} T^2 KL(softmax_T(z_j) || softmax_T(z_i)), P(b_j = 1) = keep",
            "Son et al., Densely Guided KD using Multiple Teacher Assistants, ICCV 2021, arXiv 2009.08825",
            Distillation.parameters(
                    "4.0",
                    new MethodParameter(
                            KEEP,
                            MethodParameter.Range.SHARE,
                            "0.5",
                            "probability with which a teacher speaks in a step")),
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

    /** Whether the peer in {@code slot} teaches in {@code step}; the others have no part in it. */
    boolean kept(long step, int slot) {
        long seeded = new SplittableRandom(setting.seed()).nextLong() + step;
        long stepped = new SplittableRandom(seeded).nextLong() + slot;
        return new SplittableRandom(stepped).nextDouble() < keep;
    }

    @Override
    public TeacherStep teach(NamedTensors state, StepInput input) {
        return new TeacherStep(1, List.of(), addressed(input, slot -> kept(input.step(), slot)), state);
    }

    /** What each peer learns from those {@code speaking} after it. */
    SortedMap<Integer, List<Term>> addressed(StepInput input, IntPredicate speaking) {
        SortedMap<Integer, List<Term>> addressed = new TreeMap<>();
        for (PeerPrediction pupil : input.predictions()) {
            List<PeerPrediction> teachers = input.predictions().stream()
                    .filter(prediction -> prediction.slot() > pupil.slot() && speaking.test(prediction.slot()))
                    .toList();
            if (!teachers.isEmpty()) {
                addressed.put(pupil.slot(), List.of(target(teachers, input)));
            }
        }
        return addressed;
    }

    /** All kept teachers of a peer alike. */
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
