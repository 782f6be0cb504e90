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
 * Evaluates the teacher itself on the test images, from what the peers published about them after the same step.
 *
 * <p>An evaluation is megabytes: those of a step are kept only as long as the teacher waits for others of that step, and of a few
 * steps only. A step whose contributors have not all been evaluated by then has no evaluation of the teacher.
 */
public final class TeacherEvaluations {
    private static final int STEPS_HELD_MAX = 3;
    private static final int STEPS_NOTED_MAX = 10_000;

    private final Teacher teacher;
    private final Ints testLabels;
    private final boolean possible;
    private final SortedMap<Long, After> after = new TreeMap<>();
    /** Steps not applied yet of which the log has the teacher's evaluation. */
    private final SortedSet<Long> inLog = new TreeSet<>();

    private final SortedMap<Long, SortedMap<String, Evaluation>> said = new TreeMap<>();
    private long applied;
    private long done;
    /** The steps of the newest evaluation that was made, and of the newest in the log. */
    private long made;

    private long logged;
    private long lastStep = -1;
    private After latest;

    /** The teacher after a step and whom it was taught from. */
    private record After(NamedTensors state, List<Outcome.Contributor> contributors) {}

    /** @param possible whether evaluations bring along what the teacher's own is made from */
    public TeacherEvaluations(Teacher teacher, Ints testLabels, boolean possible) {
        this.teacher = teacher;
        this.testLabels = testLabels;
        this.possible = possible;
        latest = new After(teacher.initialState(), List.of());
    }

    /** Notes the teacher's state after a step at which peers evaluate. */
    public void applied(Batch batch, NamedTensors state, List<Outcome.Contributor> contributors) {
        latest = new After(state, contributors);
        applied = batch.step();
        inLog.headSet(applied).clear();
        if (batch.endsEpoch() || batch.step() == lastStep) {
            await(batch.step());
        }
        // The newest step may turn out to be the last one.
        said.headMap(applied + (contributors.isEmpty() ? 1 : 0)).keySet().removeIf(step -> !after.containsKey(step));
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
        said.headMap(step + 1).clear();
        after.headMap(step + 1).clear();
    }

    /** The run ends at {@code lastStep}, in the middle of an epoch perhaps. */
    public void ends(long step) {
        lastStep = step;
        if (step == applied) {
            await(step);
        }
    }

    /** Whether every step at which peers evaluate has its evaluation. */
    public boolean settled() {
        return after.isEmpty();
    }

    /** Whether every evaluation so far stands in the log, too. */
    public boolean said() {
        return settled() && made <= logged;
    }

    /** What was to be said up to {@code step} was said. */
    public void goesOnAfter(long step) {
        done = step;
        applied = step;
    }

    /** Steps of which evaluations are held, to show that they are bounded. */
    public int held() {
        return Math.max(after.size(), said.size());
    }

    public void said(Evaluation evaluation) {
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
            said.computeIfAbsent(step, s -> new TreeMap<>()).put(evaluation.source(), evaluation);
            dropEarliest();
        }
    }

    /** A reader that is far behind: the teacher's evaluations of early steps are in the log. */
    private void dropEarliest() {
        Iterator<Long> steps = said.keySet().iterator();
        while (said.size() > STEPS_HELD_MAX + 1) {
            if (!after.containsKey(steps.next())) {
                steps.remove();
            }
        }
    }

    /** The teacher's evaluation of the earliest step that all its contributors have spoken of. */
    public Optional<Evaluation> next() {
        for (Map.Entry<Long, SortedMap<String, Evaluation>> of : said.entrySet()) {
            After then = after.get(of.getKey());
            if (then == null) {
                continue;
            }
            SortedMap<Integer, NamedTensors> predictions = new TreeMap<>();
            for (Outcome.Contributor contributor : then.contributors()) {
                Optional.ofNullable(of.getValue().get(contributor.peer().value()))
                        .ifPresent(e -> predictions.put(contributor.slot(), e.tensors()));
            }
            if (predictions.isEmpty()
                    || predictions.size() < then.contributors().size()) {
                continue;
            }
            Evaluation example = of.getValue().values().iterator().next();
            giveUpTo(of.getKey());
            if (predictions.values().stream()
                    .anyMatch(prediction -> prediction.asMap().isEmpty())) {
                // Nobody can say what the teacher makes of a peer that has diverged.
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
