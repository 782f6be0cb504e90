package dev.cohort.coordinator.follow;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.End;
import dev.cohort.protocol.EndOfRun;
import dev.cohort.protocol.Evaluation;
import dev.cohort.protocol.NodeFailure;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.Snapshot;
import dev.cohort.protocol.TensorPiece;
import dev.cohort.tensor.NamedTensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * The state of a run as a fold of the messages in its log: without a clock, without members, and without output.
 *
 * <p>The teacher's state changes when the first outcome of a step is applied; it is computed from exactly the predictions that
 * the outcome names. Steps are applied in order, each once.
 */
public final class FollowedRun {
    private final CoordinatorSetting setting;
    private final Teacher teacher;
    private final StepAssembly assembly;
    private final SlotHistory history = new SlotHistory();
    private final TeacherEvaluations evaluations;
    private final TeacherSteps teacherSteps;
    private final EndOfRun endOfRun = new EndOfRun();
    private final SortedMap<Long, Outcome> outcomes = new TreeMap<>();

    /** Whether the teacher has trained parameters. */
    private final boolean learns;

    private NamedTensors state;
    private long applied;
    private long targets;
    private long skipped;

    /** A step whose outcome has just been applied. */
    public record AppliedStep(Batch batch, Outcome outcome) {}

    public FollowedRun(CoordinatorSetting setting, Teacher teacher, DeclaredShapes shapes) {
        this.setting = setting;
        this.teacher = teacher;
        assembly = new StepAssembly(shapes);
        evaluations = new TeacherEvaluations(teacher, setting.testLabels(), setting.evaluationLogits());
        teacherSteps = new TeacherSteps(teacher, setting.learningRate());
        state = teacher.initialState();
        learns = !state.asMap().isEmpty();
    }

    /** Continues from a snapshot; messages up to its step need not be read. */
    public void restore(Snapshot from) {
        state = from.state();
        applied = from.step();
        skipped = from.skipped();
        targets = applied - skipped;
        history.add(from.lastVotes());
        evaluations.continueAfter(applied);
    }

    public void batch(Batch batch) {
        if (endOfRun.batch(batch) && batch.step() > applied) {
            assembly.batch(batch.withoutPixels());
        }
    }

    /**
     * Keeps the first prediction of each peer for a step that is not closed; returns whether this was it, and no feature map of it
     * is missing.
     */
    public boolean prediction(Prediction prediction) {
        return prediction.step() > applied
                && prediction.step() <= setting.plannedSteps()
                && assembly.predicted(prediction);
    }

    /** Keeps a piece of a feature map; returns whether it was the last one that a prediction waited for. */
    public boolean piece(TensorPiece piece) {
        return piece.use() == TensorPiece.Use.MAP
                && piece.step() > applied
                && piece.step() <= setting.plannedSteps()
                && assembly.piece(piece, setting.batchSize());
    }

    public void outcome(Outcome outcome) {
        if (outcome.step() > applied) {
            outcomes.putIfAbsent(outcome.step(), outcome);
        }
    }

    public void evaluation(Evaluation evaluation) {
        evaluations.add(evaluation);
    }

    public void end(End end) {
        endOfRun.end(end);
        evaluations.ends(endOfRun.lastStep().orElseThrow());
    }

    /**
     * Applies the outcome of the open step once the batch and the predictions that it names were read. The step's predictions
     * are kept until {@link #forgetClosed}.
     *
     * @param computed the teacher's result for an outcome, if this coordinator computed it already
     * @throws IllegalStateException if the outcome was computed from another state of the teacher
     * @throws NodeFailure if the log no longer has a feature map that it needs
     */
    public Optional<AppliedStep> applyNext(Function<Outcome, Optional<Teacher.TeacherStep>> computed) {
        long step = openStep();
        Outcome outcome = outcomes.get(step);
        Optional<Batch> batch = assembly.batch(step);
        if (outcome == null || batch.isEmpty()) {
            return Optional.empty();
        }
        List<Teacher.PeerPrediction> predictions = new ArrayList<>();
        for (Outcome.Contributor contributor : outcome.contributors()) {
            Optional<StepAssembly.Entry> named = assembly.named(step, contributor);
            if (named.isEmpty()) {
                requireMaps(step, contributor);
                return Optional.empty();
            }
            predictions.add(new Teacher.PeerPrediction(
                    contributor.peer(), contributor.slot(), named.get().tensors()));
        }
        if (!outcome.stateBefore().equals(Teacher.hash(state))) {
            throw new IllegalStateException("outcome of step " + step + " was computed from teacher state "
                    + outcome.stateBefore().shortHex() + ", here it is "
                    + Teacher.hash(state).shortHex()
                    + ": the log or this coordinator is broken");
        }
        if (outcome.resolution() instanceof Outcome.Targets) {
            state = after(outcome, batch.get(), predictions, computed.apply(outcome));
            history.add(SlotHistory.contributors(outcome.contributors()));
            targets++;
        } else {
            skipped++;
        }
        applied = step;
        evaluations.applied(batch.get(), state, outcome.contributors());
        outcomes.headMap(step + 1).clear();
        return Optional.of(new AppliedStep(batch.get(), outcome));
    }

    private void requireMaps(long step, Outcome.Contributor contributor) {
        if (assembly.mapIsGone(step, contributor.peer())) {
            throw new NodeFailure("the teacher cannot be computed again from step " + step
                    + " on: the log no longer has the feature maps of " + contributor.peer()
                    + "; in the next run, raise wire.maps_kept_mebibytes or lower record.snapshot_steps");
        }
    }

    /** The teacher's state after a step with targets; a teacher without trained parameters need not compute it. */
    private NamedTensors after(
            Outcome outcome,
            Batch batch,
            List<Teacher.PeerPrediction> predictions,
            Optional<Teacher.TeacherStep> computed) {
        if (computed.isEmpty() && !learns) {
            return state;
        }
        return computed.orElseGet(() -> teacherSteps.step(state, outcome.renewed(), batch, predictions))
                .next();
    }

    /** Forgets the predictions of the steps that are applied. */
    public void forgetClosed() {
        assembly.closed(applied);
    }

    /** Last step whose outcome was applied. */
    public long applied() {
        return applied;
    }

    public long openStep() {
        return applied + 1;
    }

    /** The batch of the open step, once it was read. */
    public Optional<Batch> openBatch() {
        return assembly.batch(openStep());
    }

    /** Whether an outcome of the open step was read; it may wait for predictions that it names. */
    public boolean openStepHasOutcome() {
        return outcomes.containsKey(openStep());
    }

    /** Whether every step of the run is applied. */
    public boolean over() {
        return applied >= endOfRun.lastStep().orElse(Long.MAX_VALUE);
    }

    /** The trained teacher after {@link #applied}. */
    public NamedTensors state() {
        return state;
    }

    public Teacher teacher() {
        return teacher;
    }

    public TeacherSteps teacherSteps() {
        return teacherSteps;
    }

    public StepAssembly assembly() {
        return assembly;
    }

    public SlotHistory history() {
        return history;
    }

    public TeacherEvaluations evaluations() {
        return evaluations;
    }

    /** Applied steps with targets. */
    public long targets() {
        return targets;
    }

    /** Applied steps without targets. */
    public long skipped() {
        return skipped;
    }

    /** Steps held in memory, to show that they are bounded. */
    public int stepsHeld() {
        return Math.max(assembly.held(), outcomes.size());
    }
}
