package dev.cohort.coordinator.method;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.tensor.NamedTensors;
import java.util.List;
import java.util.TreeMap;

/**
 * No distillation: {@code L_i = CE(z_i, y)}. Batches and bookkeeping are the same as with a teacher, so that a comparison shows
 * the effect of the teacher.
 */
final class Independent implements Teacher {
    static final Method METHOD = new Method(
            "independent",
            "every peer learns from the labels alone; the baseline",
            "L_i = CE(z_i, y)",
            "none",
            List.of(),
            (arguments, setting) -> new Independent());

    @Override
    public boolean distils() {
        return false;
    }

    @Override
    public int contributorsMin() {
        return 1;
    }

    @Override
    public TeacherStep teach(NamedTensors state, StepInput input) {
        return new TeacherStep(1, List.of(), new TreeMap<>(), state);
    }
}
