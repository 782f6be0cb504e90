package dev.cohort.coordinator.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.Objective;
import dev.cohort.distill.OwnTeacher;
import dev.cohort.distill.Softmax;
import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class MeanTeacherTest {
    private static final int C = 4;
    private static final SoftLabels MIXED =
            new SoftLabels(C, List.of(Ints.of(0, 1, 2), Ints.of(3, 1, 0)), List.of(0.6, 0.4));
    private static final Cohort NOBODY = new Cohort(MIXED, List.of(), List.of());

    private static Teacher teacher(Map<String, String> parameters) {
        return MethodCatalog.get("mean_teacher")
                .create(
                        new Experiment.Method("mean_teacher", parameters),
                        new TeacherSetting(2, Ints.of(1, 1), C, 1, Cohort.sgd(0, false, 0), DType.FLOAT64));
    }

    private static Teacher.TeacherStep lesson(Map<String, String> parameters, int epoch) {
        return teacher(parameters).teach(NamedTensors.none(), NOBODY.input(epoch, 0.1));
    }

    /** A peer that contributes to nothing, with the logits of its average. */
    private static Objective.Result objective(Teacher.TeacherStep lesson, Cohort peer, Tensor average) {
        NamedTensors known = peer.published().get(0).with(TensorName.OWN_TEACHER, average);
        return Objective.of(
                MIXED,
                lesson.labelWeight(),
                lesson.terms(),
                NamedTensors.of(TensorName.LOGITS, known.get(TensorName.LOGITS)),
                known,
                Optional.empty(),
                DType.FLOAT64);
    }

    @Test
    void waitsForNobodyAndReadsNothing() {
        Teacher teacher = teacher(Map.of());

        assertThat(teacher.contributorsMin()).isZero();
        assertThat(teacher.reads()).isEmpty();
        assertThat(teacher.distils()).isTrue();
        assertThat(teacher.evaluate(NamedTensors.none(), new TreeMap<>())).isEmpty();
    }

    @Test
    void hasEveryPeerKeepTheAverageThatIsAskedFor() {
        assertThat(teacher(Map.of()).ownTeacher()).isEqualTo(new OwnTeacher.Average(0.99));
        assertThat(teacher(Map.of("ema_decay", "0.5")).ownTeacher()).isEqualTo(new OwnTeacher.Average(0.5));
    }

    @Test
    void addsTheMeanOfTheSquaresToTheCrossEntropy() {
        Cohort peer = Cohort.random(1, MIXED, List.of(0), 1);
        Tensor average =
                Cohort.random(2, MIXED, List.of(0), 1).published().get(0).get(TensorName.LOGITS);
        double[] p = Softmax.probabilities(peer.logits(0), C, 1);
        double[] q = Softmax.probabilities(average.toDoubles(), C, 1);
        double squares = 0;
        for (int i = 0; i < p.length; i++) {
            squares += (p[i] - q[i]) * (p[i] - q[i]) / p.length;
        }

        Objective.Result result = objective(lesson(Map.of("weight", "3"), 0), peer, average);

        assertThat(result.distillation()).isCloseTo(3 * squares, within(1e-14)).isGreaterThan(0.01);
        assertThat(result.crossEntropy()).isCloseTo(Objective.crossEntropy(MIXED, peer.logits(0)), within(1e-14));
    }

    @Test
    void isNoMoreThanTheLabelsWhereAverageAndStudentAgree() {
        Cohort peer = Cohort.random(1, MIXED, List.of(0), 1);
        Tensor own = peer.published().get(0).get(TensorName.LOGITS);
        Teacher.TeacherStep none = new Teacher.TeacherStep(1, List.of(), new TreeMap<>(), NamedTensors.none());

        for (String distance : List.of("squares", "divergence")) {
            Objective.Result result = objective(lesson(Map.of("distance", distance), 0), peer, own);

            assertThat(result.distillation()).isCloseTo(0, within(1e-15));
            assertThat(result.logitsGradient().toDoubles())
                    .containsExactly(objective(none, peer, own).logitsGradient().toDoubles(), within(1e-15));
        }
    }

    @Test
    void rampsItsWeightUpByTheEpoch() {
        Map<String, String> parameters =
                Map.of("weight", "2", "ramp_up_epochs", "80", "distance", "divergence", "temperature", "3");

        assertThat(lesson(parameters, 80).terms())
                .containsExactly(new Term.OwnTarget("own_average", Term.OwnTarget.Form.DIVERGENCE, 2, 3));
        assertThat(((Term.OwnTarget) lesson(parameters, 0).terms().get(0)).weight())
                .isCloseTo(2 * 0.006737947, within(1e-8));
    }
}
