package dev.cohort.coordinator.method;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.OwnTeacher;
import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class MealTest {
    private static final int C = 4;
    private static final SoftLabels HARD = new SoftLabels(C, List.of(Ints.of(0, 1, 2)), List.of(1.0));

    private static Teacher teacher(long seed, Map<String, String> parameters) {
        return MethodCatalog.get("meal")
                .create(
                        new Experiment.Method("meal", parameters),
                        new TeacherSetting(2, Ints.of(1, 1), C, seed, Cohort.sgd(0, false, 0), DType.FLOAT64));
    }

    private static String drawn(Teacher teacher, long step) {
        Teacher.TeacherStep lesson =
                teacher.teach(NamedTensors.none(), new Teacher.StepInput(step, 0, 0.1, HARD, List.of()));
        assertThat(lesson.labelWeight()).isZero();
        return lesson.terms().get(0).name();
    }

    @Test
    void drawsATeacherPerBatchFromSeedAndStepAlone() {
        Map<String, String> three = Map.of("teacher", "a,b,c");
        Map<String, Integer> counts = new TreeMap<>();
        List<String> first = new ArrayList<>();
        List<String> again = new ArrayList<>();
        List<String> other = new ArrayList<>();
        for (long step = 1; step <= 300; step++) {
            counts.merge(drawn(teacher(1, three), step), 1, Integer::sum);
            first.add(drawn(teacher(1, three), step));
            again.add(drawn(teacher(1, three), step));
            other.add(drawn(teacher(2, three), step));
        }

        assertThat(counts.keySet()).containsExactly("teacher_1_of_3", "teacher_2_of_3", "teacher_3_of_3");
        assertThat(counts.values()).allMatch(count -> count > 70 && count < 130);
        assertThat(again).isEqualTo(first);
        assertThat(other).isNotEqualTo(first);
    }

    @Test
    void namesTheTeacherThatPeersDraw() {
        Teacher teacher = teacher(5, Map.of("teacher", "a,b"));
        OwnTeacher.Frozen frozen = (OwnTeacher.Frozen) teacher.ownTeacher();

        assertThat(frozen).isEqualTo(new OwnTeacher.Frozen(List.of("a", "b"), OwnTeacher.Frozen.Choice.DRAWN, 5));
        for (long step = 1; step <= 20; step++) {
            assertThat(drawn(teacher, step)).isEqualTo("teacher_" + (frozen.drawn(step) + 1) + "_of_2");
        }
    }

    @Test
    void hasNothingToDrawFromOneTeacher() {
        for (long step = 1; step <= 20; step++) {
            assertThat(drawn(teacher(1, Map.of("teacher", "a")), step)).isEqualTo("teacher_1_of_1");
        }
    }

    @Test
    void waitsForNobodyAndHasTeachersThatCameWithTheProduct() {
        Teacher teacher = teacher(1, Map.of("gamma", "0.5", "teacher", "builtin"));

        assertThat(teacher.contributorsMin()).isZero();
        assertThat(teacher.reads()).isEmpty();
        assertThat(((OwnTeacher.Frozen) teacher.ownTeacher()).checkpoints())
                .containsExactly("builtin:resnet8", "builtin:resnet14");
        assertThat(teacher.teach(NamedTensors.none(), new Teacher.StepInput(1, 0, 0.1, HARD, List.of()))
                        .terms())
                .allMatch(term -> term instanceof Term.OwnTarget own && own.weight() == 0.5 && own.temperature() == 1);
    }
}
