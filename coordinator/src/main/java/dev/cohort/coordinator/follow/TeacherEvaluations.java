package dev.cohort.coordinator.follow;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.TestScore;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Evaluation;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.TensorName;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Evaluates the teacher on the test images, from the tensors that peers published about them after the same step.
 *
 * <p>An evaluation takes megabytes, so those of a step are kept only while the teacher waits for the others of that step, and
 * only for a few steps. The teacher is not evaluated after a step whose contributors were not all evaluated by then.
 */
public final class TeacherEvaluations {
    private static final int STEPS_HELD_MAX = 3;
    private static final int STEPS_NOTED_MAX = 10_000;

    private final Teacher teacher;
    private final Ints testLabels;
    private final boolean possible;
    private final SortedMap<Long, After> after = new TreeMap<>();
    /** Steps not applied yet whose evaluation of the teacher was read. */
    private final SortedSet<Long> inLog = new TreeSet<>();

    private final SortedMap<Long, SortedMap<String, Evaluation>> evaluations = new TreeMap<>();
    private long applied;
    private long done;
    /** Step of the newest evaluation that was computed. */
    private long made;

    /** Step of the newest evaluation that was read. */
    private long logged;

    private long lastStep = -1;
    private After latest;

    /** The teacher's state after a step, and the contributors of that step. */
    private record After(NamedTensors state, List<Outcome.Contributor> contributors) {}

    /** @param possible whether evaluations carry the tensors that the teacher's evaluation is computed from */
    public TeacherEvaluations(Teacher teacher, Ints testLabels, boolean possible) {
        this.teacher = teacher;
        this.testLabels = testLabels;
        this.possible = possible;
        latest = new After(teacher.initialState(), List.of());
    }

    /** Notes the teacher's state after a step; it is evaluated at the steps at which peers evaluate. */
    public void applied(Batch batch, NamedTensors state, List<Outcome.Contributor> contributors) {
        latest = new After(state, contributors);
        applied = batch.step();
        inLog.headSet(applied).clear();
        if (batch.endsEpoch() || batch.step() == lastStep) {
            await(batch.step());
        }
        // The newest step may be the last one of the run.
        evaluations
                .headMap(applied + (contributors.isEmpty() ? 1 : 0))
                .keySet()
                .removeIf(step -> !after.containsKey(step));
    }

    private void await(long step) {
        if (!possible || latest.contributors().isEmpty() || step <= done || inLog.contains(step)) {
            return;
        }
        after.put(step, latest);
        while (after.size() > STEPS_HELD_MAX) {
            giveUpTo(after.firstKey());
        }
    }

    private void giveUpTo(long step) {
        done = Math.max(done, step);
        evaluations.headMap(step + 1).clear();
        after.headMap(step + 1).clear();
    }

    /** Notes the last step of the run, which may be in the middle of an epoch. */
    public void ends(long step) {
        lastStep = step;
        if (step == applied) {
            await(step);
        }
    }

    /** Whether the teacher was evaluated after every applied step at which peers evaluate. */
    public boolean settled() {
        return after.isEmpty();
    }

    /** Whether the log holds every evaluation so far. */
    public boolean settledInLog() {
        return settled() && made <= logged;
    }

    /** The log holds the evaluations up to {@code step}. */
    public void continueAfter(long step) {
        done = step;
        applied = step;
    }

    /** Number of steps whose evaluations are held, to show that it is bounded. */
    public int held() {
        return Math.max(after.size(), evaluations.size());
    }

    /** Adds an evaluation that was read: one of a peer, or of the teacher by any coordinator. */
    public void add(Evaluation evaluation) {
        long step = evaluation.step();
        if (evaluation.source().equals(Evaluation.TEACHER)) {
            logged = Math.max(logged, step);
            if (after.containsKey(step)) {
                giveUpTo(step);
            } else if (step > applied && inLog.size() < STEPS_NOTED_MAX) {
                inLog.add(step);
            }
            return;
        }
        boolean awaited = possible && step > done && (step >= applied || after.containsKey(step));
        boolean usable = evaluation.tensors().find(TensorName.LOGITS).isPresent();
        if (awaited && (usable || evaluation.diverged())) {
            evaluations.computeIfAbsent(step, s -> new TreeMap<>()).put(evaluation.source(), evaluation);
            dropEarliest();
        }
    }

    /** Bounds the steps of a reader that is far behind: the log holds the teacher's evaluations of early steps. */
    private void dropEarliest() {
        Iterator<Long> steps = evaluations.keySet().iterator();
        while (evaluations.size() > STEPS_HELD_MAX + 1) {
            if (!after.containsKey(steps.next())) {
                steps.remove();
            }
        }
    }

    /** The teacher's evaluation after the earliest step whose contributors were all evaluated. */
    public Optional<Evaluation> next() {
        for (Map.Entry<Long, SortedMap<String, Evaluation>> ofStep : evaluations.entrySet()) {
            After then = after.get(ofStep.getKey());
            if (then == null) {
                continue;
            }
            SortedMap<Integer, NamedTensors> predictions = new TreeMap<>();
            for (Outcome.Contributor contributor : then.contributors()) {
                Optional.ofNullable(ofStep.getValue().get(contributor.peer().value()))
                        .ifPresent(e -> predictions.put(contributor.slot(), e.tensors()));
            }
            if (predictions.isEmpty()
                    || predictions.size() < then.contributors().size()) {
                continue;
            }
            Evaluation example = ofStep.getValue().values().iterator().next();
            giveUpTo(ofStep.getKey());
            if (predictions.values().stream()
                    .anyMatch(prediction -> prediction.asMap().isEmpty())) {
                // The teacher cannot be evaluated with a peer that has diverged.
                return next();
            }
            return teacher.evaluate(then.state(), predictions).map(logits -> evaluation(example, logits));
        }
        return Optional.empty();
    }

    private Evaluation evaluation(Evaluation example, Tensor logits) {
        made = example.step();
        TestScore score = TestScore.of(logits, testLabels);
        return Evaluation.of(
                example.step(),
                example.epoch(),
                example.last(),
                Evaluation.TEACHER,
                score.accuracy(),
                score.crossEntropy(),
                NamedTensors.of(TensorName.LOGITS, logits));
    }
}
