package dev.cohort.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cohort.coordinator.teacher.ForkedTeacher;
import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ForkedTeacherTest {
    private static final SoftLabels LABELS = new SoftLabels(2, List.of(Ints.of(0)), List.of(1.0));

    /** Counts its steps in a state of that name, and has its own label weight. */
    private record Counting(String name, double labelWeight) implements Teacher {
        @Override
        public List<String> reads() {
            return List.of();
        }

        @Override
        public int contributorsMin() {
            return 1;
        }

        @Override
        public NamedTensors initialState() {
            return state(name, 0);
        }

        @Override
        public TeacherStep teach(NamedTensors state, StepInput input) {
            return new TeacherStep(labelWeight, List.of(), new TreeMap<>(), state(name, count(state, name) + 1));
        }
    }

    private static NamedTensors state(String name, double count) {
        return NamedTensors.of(name, Tensor.of(DType.FLOAT64, new double[] {count}, 1));
    }

    private static double count(NamedTensors state, String name) {
        return state.get(name).toDoubles()[0];
    }

    private static Teacher.TeacherStep teach(Teacher teacher, NamedTensors state, long step) {
        return teacher.teach(state, new Teacher.StepInput(step, 0, 0.1, LABELS, List.of()));
    }

    @Test
    void goesOnWithTheStateOfTheSameMethod() {
        Teacher fork = new ForkedTeacher(new Counting("gate", 1), new Counting("gate", 2), true, 1);
        Teacher.TeacherStep first = teach(fork, fork.initialState(), 1);
        Teacher.TeacherStep second = teach(fork, first.next(), 2);
        assertThat(first.labelWeight()).isEqualTo(1);
        assertThat(second.labelWeight()).isEqualTo(2);
        assertThat(count(second.next(), "gate")).isEqualTo(2);
    }

    @Test
    void beginsAnewWithAnotherMethodWheneverItsFirstLessonIs() {
        Teacher fork = new ForkedTeacher(new Counting("gate", 1), new Counting("attention", 2), false, 1);
        NamedTensors before = teach(fork, fork.initialState(), 1).next();
        NamedTensors after = teach(fork, before, 4).next();
        assertThat(count(after, "attention")).isEqualTo(1);
        assertThat(count(teach(fork, after, 5).next(), "attention")).isEqualTo(2);
    }

    /** As the heads of PCL and of a fused ensemble: what they are trained for is not the same. */
    @Test
    void beginsAnewWithAnotherMethodWhoseParametersHaveTheSameNames() {
        Teacher fork = new ForkedTeacher(new Counting("head", 1), new Counting("head", 2), false, 2);
        NamedTensors state = fork.initialState();
        for (long step = 1; step <= 3; step++) {
            state = teach(fork, state, step).next();
        }
        Teacher third = new ForkedTeacher(fork, new Counting("head", 3), true, 4);
        NamedTensors after = teach(third, teach(third, state, 4).next(), 5).next();

        assertThat(values(state)).as("after the first step of its own").isEqualTo(1);
        assertThat(values(after)).as("a fork of the fork goes on from there").isEqualTo(3);
    }

    private static double values(NamedTensors state) {
        return state.asMap().values().iterator().next().toDoubles()[0];
    }

    @Test
    void ofAForkGoesOnWithTheStateOfItsOwnMethod() {
        Teacher fork = new ForkedTeacher(new Counting("gate", 1), new Counting("attention", 2), false, 1);
        Teacher second = new ForkedTeacher(fork, new Counting("attention", 3), true, 3);
        NamedTensors state = second.initialState();
        for (long step = 1; step <= 4; step++) {
            state = teach(second, state, step).next();
        }
        assertThat(count(state, "attention")).isEqualTo(3);
    }

    @Test
    void refusesOtherParametersOfTheSameMethod() {
        assertThatThrownBy(() -> new ForkedTeacher(new Counting("gate", 1), new Counting("wide gate", 1), true, 1))
                .hasMessageContaining("a fork with the same method must keep the parameters");
    }
}
