package dev.cohort.exact;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/** The teacher of a coordinator, which records every step and changes nothing. */
final class RecordingTeacher implements Teacher {
    private final Teacher teacher;
    private final Recording recording;

    RecordingTeacher(Teacher teacher, Recording recording) {
        this.teacher = teacher;
        this.recording = recording;
    }

    @Override
    public boolean distils() {
        return teacher.distils();
    }

    @Override
    public List<String> reads() {
        return teacher.reads();
    }

    @Override
    public int contributorsMin() {
        return teacher.contributorsMin();
    }

    @Override
    public NamedTensors initialState() {
        return teacher.initialState();
    }

    @Override
    public NamedTensors renewed(NamedTensors state, int slot) {
        return teacher.renewed(state, slot);
    }

    @Override
    public TeacherStep teach(NamedTensors state, StepInput input) {
        TeacherStep lesson = teacher.teach(state, input);
        recording.taught(input.step(), new Recording.TeacherStep(input.epoch(), input.labels(), state, lesson.next()));
        return lesson;
    }

    @Override
    public Optional<Tensor> evaluate(NamedTensors state, SortedMap<Integer, NamedTensors> votes) {
        return teacher.evaluate(state, votes);
    }
}
