package dev.cohort.exact;

import dev.cohort.protocol.Images;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.tensor.NamedTensors;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** A distributed run step by step, recorded by {@link RecordingLearner} and {@link RecordingTeacher}. */
final class Recording {
    private final List<List<Update>> students = new ArrayList<>();
    private final SortedMap<Long, TeacherStep> lessons = new TreeMap<>();

    /**
     * One update of one student.
     *
     * @param images it trained on
     * @param before weights, statistics and momentum it started from
     * @param gradients as the learner collected them
     * @param after what it ended with
     */
    record Update(Images images, NamedTensors before, NamedTensors gradients, NamedTensors after) {}

    /**
     * One step of the teacher.
     *
     * @param before its state
     * @param after likewise
     */
    record TeacherStep(int epoch, SoftLabels labels, NamedTensors before, NamedTensors after) {}

    Recording(int students) {
        for (int i = 0; i < students; i++) {
            this.students.add(new ArrayList<>());
        }
    }

    synchronized void updated(int student, Update update) {
        students.get(student).add(update);
    }

    synchronized void taught(long step, TeacherStep lesson) {
        lessons.put(step, lesson);
    }

    /** Steps that every student trained. */
    synchronized int steps() {
        return students.stream().mapToInt(List::size).min().orElse(0);
    }

    /** @param step 1-based */
    synchronized Update update(int student, int step) {
        return students.get(student).get(step - 1);
    }

    /** @param step 1-based */
    synchronized TeacherStep lesson(int step) {
        TeacherStep lesson = lessons.get((long) step);
        if (lesson == null) {
            throw new IllegalArgumentException("no lesson at step " + step + ": there are " + lessons.keySet());
        }
        return lesson;
    }

    /** The batch of {@code step} as one process would have it. */
    SingleProcess.Batch batch(int step) {
        List<Images> images = new ArrayList<>();
        for (int i = 0; i < students.size(); i++) {
            images.add(update(i, step).images());
        }
        return new SingleProcess.Batch(
                lesson(step).epoch(), images, lesson(step).labels());
    }

    /** What all started {@code step} from. */
    SingleProcess.Parts before(int step) {
        List<NamedTensors> before = new ArrayList<>();
        for (int i = 0; i < students.size(); i++) {
            before.add(update(i, step).before());
        }
        return new SingleProcess.Parts(before, lesson(step).before());
    }

    /** What all had after {@code step}. */
    SingleProcess.Parts after(int step) {
        List<NamedTensors> after = new ArrayList<>();
        for (int i = 0; i < students.size(); i++) {
            after.add(update(i, step).after());
        }
        return new SingleProcess.Parts(after, lesson(step).after());
    }
}
