package dev.cohort.study;

import dev.cohort.coordinator.follow.TeacherSteps;
import dev.cohort.coordinator.teacher.Shares;
import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.TensorName;
import dev.cohort.runtime.RecordedLog;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;
import java.util.function.LongToDoubleFunction;

/**
 * Figures of the teaching in a run, in one pass over the log: which peer taught which, how stale and how late the students were,
 * and the history of every training image. The teacher is computed again on the way, because outcomes do not contain its weights
 * (of a gate, of an attention). Memory is that of {@link SampleHistory} and of {@value #WINDOWS_MAX} windows, however long
 * the run.
 */
public final class TeachingHistory {
    private static final int WINDOWS_MAX = 40;

    private final RecordedLog log;
    private final Teacher teacher;
    private final TeacherSteps teacherSteps;
    private final long steps;
    private final SampleHistory training;
    private final StepWindow.Sum whole = new StepWindow.Sum();
    private final List<StepWindow> windows = new ArrayList<>();
    private StepWindow.Sum open = new StepWindow.Sum();
    private long openNumber;
    private boolean weighed;
    private long unknown;
    private long mixed;
    /** State of the teacher; empty once it is unknown. */
    private Optional<NamedTensors> state;

    /**
     * The figures.
     *
     * @param whole all steps
     * @param windows the same steps, cut into at most {@value #WINDOWS_MAX} of equal length
     * @param weighed whether the method weighs teachers; otherwise all teachers in a target count alike
     * @param unknown steps with targets whose shares could not be computed because parts of the log are missing
     * @param training which training images each contributor classified correctly at each presentation; without mixed images
     * @param mixed steps with mixed images, which are neither right nor wrong
     * @param studied steps that are complete in the log
     */
    public record Account(
            StepWindow whole,
            List<StepWindow> windows,
            boolean weighed,
            long unknown,
            SampleHistory training,
            long mixed,
            StudiedSteps studied) {
        public Account {
            windows = List.copyOf(windows);
        }
    }

    /**
     * @param teacher of the run, untrained
     * @param learningRate of its trained parameters, by step
     * @param trainImages number of training images
     * @param steps planned
     */
    public TeachingHistory(
            RecordedLog log, Teacher teacher, LongToDoubleFunction learningRate, int trainImages, long steps) {
        this.log = log;
        this.teacher = teacher;
        this.teacherSteps = new TeacherSteps(teacher, learningRate);
        this.steps = Math.max(1, steps);
        training = new SampleHistory(trainImages);
        state = Optional.of(teacher.initialState());
    }

    /**
     * Reads the log, once.
     *
     * @param progress takes every step
     */
    public Account account(LongConsumer progress) {
        long expected = 1;
        StudiedSteps studied;
        try (RecordedSteps recorded = new RecordedSteps(log, damaged -> {})) {
            for (Optional<RecordedSteps.Step> next = recorded.next(); next.isPresent(); next = recorded.next()) {
                RecordedSteps.Step step = next.get();
                if (step.step() > expected) {
                    forgetState();
                }
                expected = step.step() + 1;
                take(step);
                progress.accept(step.step());
            }
            studied = recorded.studied();
        }
        close();
        return new Account(whole.done(), windows, weighed, unknown, training, mixed, studied);
    }

    private void take(RecordedSteps.Step step) {
        long number = Math.min(WINDOWS_MAX - 1, (step.step() - 1) * WINDOWS_MAX / steps);
        if (number > openNumber) {
            close();
            openNumber = number;
        }
        Optional<Shares> shares = Optional.empty();
        if (step.outcome().resolution() instanceof Outcome.Targets) {
            shares = shares(step);
            unknown += shares.isEmpty() ? 1 : 0;
        }
        whole.add(step, shares);
        open.add(step, shares);
        step.batch().ifPresent(batch -> presented(step, batch));
    }

    private void close() {
        if (!open.empty()) {
            windows.add(open.done());
        }
        open = new StepWindow.Sum();
    }

    /** A teacher without a state stays known. */
    private void forgetState() {
        boolean trained = !teacher.initialState().asMap().isEmpty();
        state = trained ? Optional.empty() : state;
    }

    private Optional<Shares> shares(RecordedSteps.Step step) {
        List<Teacher.PeerPrediction> votes = step.outcome().contributors().stream()
                .flatMap(
                        c -> step
                                .prediction(c.peer())
                                .map(p -> new Teacher.PeerPrediction(c.peer(), c.slot(), p.tensors()))
                                .stream())
                .toList();
        boolean complete = step.batch().isPresent()
                && votes.size() == step.outcome().contributors().size()
                && votes.size() >= teacher.contributorsMin()
                && teacher.distils();
        if (!complete || state.isEmpty()) {
            forgetState();
            return Optional.empty();
        }
        Batch batch = step.batch().get();
        Teacher.StepInput seen = teacherSteps.input(batch, votes);
        NamedTensors before = teacher.renewed(state.get(), step.outcome().renewed());
        Teacher.TeacherStep lesson = teacher.teach(before, seen);
        Shares shares = teacher.shares(before, seen, lesson);
        state = Optional.of(lesson.next());
        weighed |= shares.weighed();
        return Optional.of(shares);
    }

    private void presented(RecordedSteps.Step step, Batch batch) {
        if (batch.labels().classIds().size() > 1) {
            mixed++;
            return;
        }
        for (Outcome.Contributor contributor : step.outcome().contributors()) {
            Optional<Tensor> logits = step.prediction(contributor.peer())
                    .map(Prediction::tensors)
                    .flatMap(tensors -> tensors.find(TensorName.LOGITS));
            if (logits.isEmpty()) {
                continue;
            }
            double[] scores = logits.get().toDoubles();
            int classes = batch.labels().classes();
            for (int row = 0; row < batch.rows(); row++) {
                boolean right = Score.largest(scores, row * classes, classes)
                        == batch.labels().classIds().get(0).get(row);
                int sample = batch.recipe().sampleIds().get(row);
                if (sample >= 0 && sample < training.samples()) {
                    training.presented(step.step(), contributor.peer().value(), sample, right);
                }
            }
        }
    }
}
