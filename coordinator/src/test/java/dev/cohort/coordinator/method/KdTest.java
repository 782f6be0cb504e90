package dev.cohort.coordinator.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.Objective;
import dev.cohort.distill.OwnTeacher;
import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.Problems;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.protocol.TensorName;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class KdTest {
    private static final int C = 4;
    private static final SoftLabels HARD = new SoftLabels(C, List.of(Ints.of(0, 1, 2)), List.of(1.0));

    private static Teacher teacher(String method, Map<String, String> parameters) {
        return MethodCatalog.get(method)
                .create(
                        new Experiment.Method(method, parameters),
                        new TeacherSetting(2, Ints.of(1, 1), C, 1, Cohort.sgd(0, false, 0), DType.FLOAT64));
    }

    private static Teacher.TeacherStep lesson(Map<String, String> parameters) {
        return teacher("kd", parameters)
                .teach(NamedTensors.none(), new Cohort(HARD, List.of(), List.of()).input(0, 0.1));
    }

    private static double[] gradient(Teacher.TeacherStep lesson, SoftLabels labels, Tensor own, Tensor stored) {
        return Objective.of(
                        labels,
                        lesson.labelWeight(),
                        lesson.terms(),
                        NamedTensors.of(TensorName.LOGITS, own),
                        NamedTensors.of(TensorName.LOGITS, own).with(TensorName.OWN_TEACHER, stored),
                        Optional.empty(),
                        DType.FLOAT64)
                .logitsGradient()
                .toDoubles();
    }

    @ParameterizedTest
    @CsvSource({
        "kd, ONLY, builtin:resnet14",
        "reversed_kd, ONLY, builtin:resnet8",
        "defective_kd, ONLY, builtin:resnet8-defective",
        "tfkd_self, OF_ITS_MODEL, 'builtin:resnet8,builtin:resnet14'"
    })
    void hasTeachersThatCameWithTheProduct(String method, OwnTeacher.Frozen.Choice choice, String checkpoints) {
        assertThat(teacher(method, Map.of("teacher", "builtin")).ownTeacher())
                .isEqualTo(new OwnTeacher.Frozen(List.of(checkpoints.split(",", -1)), choice));
    }

    @ParameterizedTest
    @CsvSource({
        "kd, resnet14, -1",
        "reversed_kd, resnet8, -1",
        "defective_kd, resnet8, 10",
        "tfkd_self, '', -1",
        "meal, '', -1"
    })
    void hasItsTeacherTrainedFirstWhenNoneIsNamed(String method, String models, long steps) {
        StoredTeacher.Training training =
                StoredTeacher.training(new Experiment.Method(method, Map.of())).orElseThrow();

        assertThat(String.join(",", training.models())).isEqualTo(models);
        assertThat(training.steps().orElse(-1)).isEqualTo(steps);
    }

    @Test
    void hasTrainedWhatItIsToldTo() {
        Experiment.Method chosen =
                new Experiment.Method("tfkd_self", Map.of("teacher_model", "resnet20, resnet8", "teacher_steps", "7"));

        assertThat(StoredTeacher.training(chosen))
                .contains(new StoredTeacher.Training(List.of("resnet20", "resnet8"), OptionalLong.of(7)));
        assertThat(StoredTeacher.training(StoredTeacher.taughtBy(chosen, List.of("/a", "/b"))))
                .isEmpty();
        assertThat(StoredTeacher.training(new Experiment.Method("dml", Map.of())))
                .isEmpty();
    }

    @Test
    void takesTheCheckpointsThatAreNamed() {
        assertThat(teacher("kd", Map.of("teacher", "/runs/a b/t.safetensors")).ownTeacher())
                .isEqualTo(new OwnTeacher.Frozen(List.of("/runs/a b/t.safetensors"), OwnTeacher.Frozen.Choice.ONLY));
        assertThat(teacher("tfkd_self", Map.of("teacher", "/a, /b")).ownTeacher())
                .isEqualTo(new OwnTeacher.Frozen(List.of("/a", "/b"), OwnTeacher.Frozen.Choice.OF_ITS_MODEL));
    }

    @ParameterizedTest
    @ValueSource(strings = {"kd", "reversed_kd", "defective_kd", "tfkd_self"})
    void waitsForNobodyAndReadsNothing(String method) {
        Teacher teacher = teacher(method, Map.of());

        assertThat(teacher.contributorsMin()).isZero();
        assertThat(teacher.reads()).isEmpty();
        assertThat(teacher.distils()).isTrue();
        assertThat(teacher.evaluate(NamedTensors.none(), new TreeMap<>())).isEmpty();
    }

    @Test
    void equalsLabelSmoothingWhenTheTeacherKnowsNothing() {
        Tensor own = Cohort.random(1, HARD, List.of(0), 1).published().get(0).get(TensorName.LOGITS);
        Tensor uniform = Tensor.of(DType.FLOAT64, new double[HARD.rows() * C], HARD.rows(), C);
        // y' = (1 - e) onehot + e / C, as every class among the smoothed labels of each row.
        SoftLabels smoothed = new SoftLabels(
                C,
                List.of(HARD.classIds().get(0), Ints.of(0, 0, 0), Ints.of(1, 1, 1), Ints.of(2, 2, 2), Ints.of(3, 3, 3)),
                List.of(0.7, 0.075, 0.075, 0.075, 0.075));
        Teacher.TeacherStep labels = new Teacher.TeacherStep(1, List.of(), new TreeMap<>(), NamedTensors.none());

        assertThat(gradient(lesson(Map.of("alpha", "0.3", "temperature", "1")), HARD, own, uniform))
                .containsExactly(gradient(labels, smoothed, own, uniform), within(1e-15));
    }

    @Test
    void learnsFromTheTeacherAloneWhenItHasTheWholeShare() {
        Tensor own = Cohort.random(1, HARD, List.of(0), 1).published().get(0).get(TensorName.LOGITS);

        assertThat(gradient(lesson(Map.of("alpha", "1")), HARD, own, own))
                .containsOnly(new double[] {0}, within(1e-15));
    }

    @ParameterizedTest
    @CsvSource({
        "kd, alpha, 1.1, method.alpha: 1.1: must be a number from 0 to 1",
        "kd, temperature, 0, method.temperature: 0: must be a number from 0.001 to 1000000",
        "kd, teacher, 'a,b', 'method.teacher: a,b: must be train, builtin, or a checkpoint file or run directory, whose path has no comma'",
        "kd, teacher, ' ', 'method.teacher:  : must be train, builtin, or a checkpoint file or run directory, whose path has no comma'",
        "tfkd_self, teacher, 'a,,b', 'method.teacher: a,,b: must be train, builtin, or checkpoint files and run directories, separated by commas'"
    })
    void refusesWhatCannotTeach(String method, String parameter, String value, String message) {
        Problems problems = new Problems();

        MethodCatalog.validate(new Experiment.Method(method, Map.of(parameter, value)), problems, "method");

        assertThat(problems.found()).containsExactly(message);
    }
}
