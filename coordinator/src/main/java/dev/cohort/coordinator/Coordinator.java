package dev.cohort.coordinator;

import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.Admitted;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Command;
import dev.cohort.protocol.Draining;
import dev.cohort.protocol.End;
import dev.cohort.protocol.EndOfRun;
import dev.cohort.protocol.Evaluation;
import dev.cohort.protocol.Heartbeat;
import dev.cohort.protocol.Joining;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Node;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.Rejection;
import dev.cohort.protocol.Snapshot;
import dev.cohort.protocol.Standing;
import dev.cohort.protocol.StandingChange;
import dev.cohort.protocol.TensorName;
import dev.cohort.tensor.NamedTensors;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Decides when a step is complete and what the teacher says of it.
 *
 * <p>It only proposes. The teacher's state changes when the winning outcome of a step is read back from the log, recomputed
 * from exactly the predictions that outcome names; step t+1 is proposed only after t was applied. So any number of
 * coordinators may run at once, a forgotten old one too: the first outcome of a step wins, and all apply that one.
 *
 * <p>Until it has caught up with the log it follows and publishes nothing: what it would publish may be there already.
 */
public final class Coordinator implements Node {
    private static final long LAST_EVALUATION_MS = 5_000;

    private final CoordinatorSetting setting;
    private final Teacher teacher;
    private final Membership membership;
    private final StandingNews news;
    private final Admission admission;
    private final Lag lag;
    private final DeclaredShapes shapes;
    private final StepAssembly assembly;
    private final SlotHistory history = new SlotHistory();
    private final TeacherEvaluations evaluations;
    private final TeacherSnapshots snapshots;
    private final Proposals proposals;
    private final Divergences divergences = new Divergences();
    private final SortedMap<Long, Outcome> outcomes = new TreeMap<>();

    /** Whether the teacher has trained parameters. */
    private final boolean learns;

    private NamedTensors state;
    private long applied;
    private Optional<Proposal> proposal = Optional.empty();
    private boolean caughtUp;
    private boolean stopping;
    private Optional<String> aborted = Optional.empty();
    private final EndOfRun endOfRun = new EndOfRun();
    private long overSinceMs = Long.MAX_VALUE;
    private boolean finished;
    private long targets;
    private long skipped;
    private final SortedMap<Rejection.Reason, Long> rejections = new TreeMap<>();
    private long startedMs = Long.MIN_VALUE;
    private long wakeMs = Long.MAX_VALUE;

    public Coordinator(CoordinatorSetting setting, Teacher teacher) {
        this.setting = setting;
        this.teacher = teacher;
        membership = new Membership(setting, teacher.reads().contains(TensorName.FEATURES));
        news = new StandingNews(setting.resendMs());
        shapes = new DeclaredShapes(setting, teacher.reads());
        assembly = new StepAssembly(shapes);
        admission = new Admission(setting.elastic(), membership, assembly);
        lag = new Lag(setting, membership);
        evaluations = new TeacherEvaluations(teacher, setting.testLabels(), setting.evaluationLogits());
        snapshots = new TeacherSnapshots(setting.snapshotSteps());
        proposals = new Proposals(setting, teacher, assembly, history);
        state = teacher.initialState();
        learns = !state.asMap().isEmpty();
    }

    /**
     * One that goes on after a snapshot.
     *
     * @param from one to which {@link TeacherSnapshots#objection} has none; what was said before its step need not be read
     */
    public Coordinator(CoordinatorSetting setting, Teacher teacher, Snapshot from) {
        this(setting, teacher);
        state = from.state();
        applied = from.step();
        skipped = from.skipped();
        targets = applied - skipped;
        history.voted(from.lastVotes());
        membership.contributed(from.latestStarts());
        evaluations.goesOnAfter(applied);
        snapshots.has(applied);
    }

    @Override
    public List<Message> onMessage(Message message, long nowMs) {
        List<Message> out = new ArrayList<>();
        if (message instanceof Batch batch) {
            takeBatch(batch);
        } else if (message instanceof Prediction prediction) {
            takePrediction(prediction, nowMs, out);
        } else if (message instanceof Outcome outcome && outcome.step() > applied) {
            outcomes.putIfAbsent(outcome.step(), outcome);
        } else if (message instanceof Heartbeat heartbeat) {
            membership.heard(heartbeat, nowMs);
            lag.heard(heartbeat, applied, nowMs);
        } else if (message instanceof Joining joining) {
            divergences.joined(joining);
            out.add(membership.joining(joining, applied + 1, nowMs));
        } else if (message instanceof Admitted answer) {
            membership.admitted(answer, nowMs);
        } else if (message instanceof StandingChange change) {
            news.read(change);
        } else if (message instanceof Draining draining) {
            membership.draining(draining, nowMs);
        } else if (message instanceof Left left) {
            membership.left(left, nowMs);
            if (membership.find(left.peer()).filter(m -> !m.observer()).isPresent()) {
                divergences.left(left);
            }
        } else if (message instanceof Evaluation evaluation) {
            takeEvaluation(evaluation, out);
        } else if (message instanceof End end) {
            endOfRun.end(end);
            evaluations.ends(endOfRun.lastStep().orElseThrow());
        } else if (message instanceof Command command) {
            commanded(command, nowMs);
        }
        advance(nowMs, out);
        return caughtUp ? out : List.of();
    }

    @Override
    public List<Message> onCaughtUp(long nowMs) {
        caughtUp = true;
        startedMs = nowMs;
        membership.caughtUp(nowMs);
        List<Message> out = new ArrayList<>(membership.unanswered(applied + 1, nowMs));
        advance(nowMs, out);
        return out;
    }

    @Override
    public List<Message> onDeadline(long nowMs) {
        List<Message> out = new ArrayList<>();
        advance(nowMs, out);
        return caughtUp ? out : List.of();
    }

    @Override
    public long nextDeadlineMs() {
        return wakeMs;
    }

    private void commanded(Command command, long nowMs) {
        switch (command.kind()) {
            case ABORT -> aborted = Optional.of(command.reason());
            case DRAIN -> command.peer().ifPresent(peer -> membership.drain(peer, command, nowMs));
            // The augmenter ends the run; what is in flight is closed with whoever is there.
            case STOP -> stopping = true;
        }
    }

    private void takeBatch(Batch batch) {
        if (endOfRun.batch(batch) && batch.step() > applied) {
            assembly.batch(batch.withoutPixels());
        }
    }

    private void takeEvaluation(Evaluation evaluation, List<Message> out) {
        Optional<Member> member = membership.all().stream()
                .filter(m -> m.peer().value().equals(evaluation.source()))
                .findFirst();
        Optional<String> objection = member.flatMap(m -> shapes.objection(evaluation, m));
        if (objection.isPresent()) {
            Rejection.Reason shape = Rejection.Reason.SHAPE;
            rejections.merge(shape, 1L, Long::sum);
            out.add(new Rejection(
                    Math.max(1, evaluation.step()),
                    0,
                    member.orElseThrow().peer(),
                    shape,
                    "evaluation: " + objection.get()));
        } else {
            evaluations.said(evaluation);
        }
    }

    private void takePrediction(Prediction prediction, long nowMs, List<Message> out) {
        if (prediction.step() <= applied || assembly.batch(prediction.step()).isPresent()) {
            lag.predicted(prediction, nowMs);
        }
        if (prediction.step() <= applied) {
            admission.late(prediction, applied, nowMs);
            return;
        }
        if (prediction.step() > setting.plannedSteps() || !assembly.predicted(prediction)) {
            return;
        }
        if (prediction.step() == applied + 1) {
            judge(prediction.peer(), nowMs, out);
        }
    }

    /** Whether the first prediction of {@code peer} for the open step is good decides about the peer's standing. */
    private void judge(PeerId peer, long nowMs, List<Message> out) {
        Optional<Member> member = membership.find(peer);
        if (member.isEmpty()
                || member.get().standing() == Standing.SET_ASIDE
                || assembly.batch(applied + 1).isEmpty()) {
            return;
        }
        assembly.entry(applied + 1, member.get()).ifPresent(entry -> {
            if (entry.good()) {
                membership.atHead(peer, nowMs);
            } else {
                Rejection rejection = entry.rejection().orElseThrow();
                rejections.merge(rejection.reason(), 1L, Long::sum);
                if (membership.rejected(peer, rejection.reason().name().toLowerCase(Locale.ROOT), nowMs)) {
                    divergences.setAside(rejection);
                }
                out.add(rejection);
            }
        });
    }

    private void advance(long nowMs, List<Message> out) {
        if (caughtUp) {
            membership.expire(nowMs);
        }
        while (applyNext(nowMs, out)) {
            // every outcome that is already in the log
        }
        if (!caughtUp) {
            return;
        }
        abortUnlessStarted(nowMs, out);
        abortUnlessEnough(out);
        if (aborted.isEmpty()) {
            propose(nowMs, out);
        }
        evaluations.next().ifPresent(out::add);
        out.addAll(news.due(membership.all(), applied + 1, nowMs));
        finish(nowMs);
        wakeMs = nextWakeMs(nowMs);
    }

    private boolean applyNext(long nowMs, List<Message> out) {
        long step = applied + 1;
        Outcome outcome = outcomes.get(step);
        Optional<Batch> batch = assembly.batch(step);
        if (outcome == null || batch.isEmpty()) {
            return false;
        }
        List<Teacher.Vote> votes = new ArrayList<>();
        for (Outcome.Contributor contributor : outcome.contributors()) {
            Optional<StepAssembly.Entry> named = assembly.named(step, contributor);
            if (named.isEmpty()) {
                return false;
            }
            votes.add(new Teacher.Vote(
                    contributor.peer(),
                    contributor.slot(),
                    named.get().prediction().tensors()));
        }
        if (!outcome.stateBefore().equals(Teacher.hash(state))) {
            throw new IllegalStateException("outcome of step " + step + " was computed from teacher state "
                    + outcome.stateBefore().shortHex() + ", here it is "
                    + Teacher.hash(state).shortHex()
                    + ": the log or this coordinator is broken");
        }
        if (outcome.resolution() instanceof Outcome.Targets) {
            state = after(outcome, batch.get(), votes);
            history.voted(SlotHistory.voters(outcome.contributors()));
            targets++;
        } else {
            skipped++;
        }
        applied = step;
        evaluations.applied(batch.get(), state, outcome.contributors());
        admission.applied(batch.get(), outcome, nowMs);
        outcomes.headMap(step + 1).clear();
        assembly.closed(step);
        proposal = Optional.empty();
        // What is said of the teacher of an earlier step would be missed by whoever goes on from here.
        if (caughtUp && snapshots.due(applied, state) && evaluations.said()) {
            out.add(snapshots.taken(applied, state, history, membership, skipped));
        }
        openStep(nowMs, out);
        return true;
    }

    /** The teacher's state after a step with targets; one that learns nothing is not asked to teach again. */
    private NamedTensors after(Outcome outcome, Batch batch, List<Teacher.Vote> votes) {
        Optional<Teacher.Lesson> made = proposal.flatMap(p -> p.lessonOf(outcome));
        if (made.isEmpty() && !learns) {
            return state;
        }
        return made.orElseGet(() -> proposals.lesson(outcome, batch, state, votes))
                .next();
    }

    /** Predictions for the step that has just become the open one may have come before. */
    private void openStep(long nowMs, List<Message> out) {
        for (Member member : membership.all()) {
            judge(member.peer(), nowMs, out);
        }
    }

    private void abortUnlessStarted(long nowMs, List<Message> out) {
        List<PeerId> absent = membership.absent();
        if (applied == setting.forkedAtStep()
                && !absent.isEmpty()
                && nowMs - startedMs >= setting.pace().startMs()) {
            abort(
                    "peers " + absent + " did not join within " + setting.pace().startMs()
                            + " ms (pace.start_ms): look at their logs in processes/",
                    out);
        }
    }

    /** Peers that diverged do not come back: with too few others the run would wait for ever. */
    private void abortUnlessEnough(List<Message> out) {
        int least = waits() ? setting.contributorsMin() : 1;
        boolean over = applied >= endOfRun.lastStep().orElse(Long.MAX_VALUE);
        if (!over && divergences.any() && membership.mayComeToContribute() < least) {
            abort(divergences.reason(membership.mayComeToContribute(), least), out);
        }
    }

    private void abort(String reason, List<Message> out) {
        if (aborted.isEmpty()) {
            aborted = Optional.of(reason);
            out.add(new Command(Command.Kind.ABORT, Optional.empty(), reason));
        }
    }

    private void propose(long nowMs, List<Message> out) {
        long step = applied + 1;
        Optional<Batch> batch = assembly.batch(step);
        if (batch.isEmpty() || outcomes.containsKey(step)) {
            return;
        }
        long openedMs = assembly.openedMs(step, nowMs);
        if (proposal.isPresent()) {
            if (nowMs >= proposal.get().resendMs()) {
                out.addAll(proposal.get().messages());
                proposal = proposal.map(p -> p.again(nowMs + setting.resendMs()));
            }
            return;
        }
        membership.admitOfNeed(m -> assembly.spoke(step, m.peer()), nowMs);
        if (!catchesUpWithFork(step, nowMs)) {
            membership.late(missing(step), step, openedMs, nowMs);
        }
        lag.explain(step, nowMs);
        if (lag.holding(step, nowMs).isEmpty() && complete(step)) {
            Proposal made = make(batch.get(), nowMs);
            proposal = Optional.of(made);
            out.addAll(made.messages());
        }
    }

    /** Whoever begins with the steps of another run may take as long as a start. */
    private boolean catchesUpWithFork(long step, long nowMs) {
        return setting.forkedAtStep() > 0
                && step == setting.forkedAtStep() + 1
                && nowMs - startedMs < setting.pace().startMs();
    }

    /** Contributors that are waited for at {@code step}. */
    private List<Member> missing(long step) {
        return membership.awaited(step).stream()
                .filter(m -> !assembly.spoke(step, m.peer()))
                .toList();
    }

    /** Whether the teacher needs to hear the peers. */
    private boolean waits() {
        return teacher.distils() && teacher.contributorsMin() > 0;
    }

    private boolean complete(long step) {
        if (!waits()) {
            // Nobody waits for it and nobody says it again: what was lost on the way must not keep the run open.
            return assembly.anybody(step) || membership.allLeft() || (stopping && !membership.anybodyThere());
        }
        if (stopping) {
            // Whoever is there is still waited for; whoever is not would keep the run from its end.
            return missing(step).stream().noneMatch(Member::there);
        }
        boolean started = applied > 0 || membership.absent().isEmpty();
        // After a restart of all, everybody is late: without this, every step left would be skipped while they catch
        // up.
        boolean enough =
                membership.present(step) >= setting.contributorsMin() && answers(step) >= setting.contributorsMin();
        boolean quorum = setting.pace().completion() == Experiment.Pace.Completion.QUORUM
                && good(step).size() >= setting.pace().quorum();
        return started && enough && (quorum || missing(step).isEmpty());
    }

    /** Contributors whose prediction is there, be it good or rejected. */
    private long answers(long step) {
        return membership.all().stream()
                .filter(m -> !m.candidate() && !m.observer() && membership.hasSeat(m) && assembly.spoke(step, m.peer()))
                .count();
    }

    private List<Member> good(long step) {
        return membership.all().stream()
                .filter(membership::mayContribute)
                .filter(m ->
                        assembly.entry(step, m).map(StepAssembly.Entry::good).orElse(false))
                .sorted(Comparator.comparingInt(Member::slot))
                .toList();
    }

    private Proposal make(Batch batch, long nowMs) {
        long resendMs = nowMs + setting.resendMs();
        List<Member> good = waits() ? good(batch.step()) : List.of();
        return !teacher.distils() || good.size() < teacher.contributorsMin()
                ? proposals.skip(batch, state, resendMs)
                : proposals.targets(batch, state, good, !waits() || good.size() == membership.seated(), resendMs);
    }

    private long nextWakeMs(long nowMs) {
        long wake = Math.min(membership.nextExpiryMs(), news.nextMs(membership.all()));
        if (applied == setting.forkedAtStep()
                && aborted.isEmpty()
                && !membership.absent().isEmpty()) {
            wake = Math.min(wake, startedMs + setting.pace().startMs());
        }
        if (proposal.isPresent()) {
            wake = Math.min(wake, proposal.get().resendMs());
        } else if (assembly.batch(applied + 1).isPresent()) {
            long openedMs = assembly.openedMs(applied + 1, nowMs);
            wake = Math.min(
                    wake,
                    catchesUpWithFork(applied + 1, nowMs)
                            ? startedMs + setting.pace().startMs()
                            : membership.nextLateMs(missing(applied + 1), openedMs));
            wake = Math.min(wake, lag.nextMs(applied + 1, nowMs));
        }
        if (overSinceMs != Long.MAX_VALUE && !finished) {
            wake = Math.min(wake, overSinceMs + LAST_EVALUATION_MS);
        }
        return Math.max(wake, nowMs + 1);
    }

    /** Last step whose outcome was applied. */
    public long applied() {
        return applied;
    }

    /** The trained teacher after {@link #applied}. */
    public NamedTensors state() {
        return state;
    }

    /** Whether the run was given up. */
    public boolean aborted() {
        return aborted.isPresent();
    }

    /** Whether the run is over: every step is applied, everybody has left, and the teacher was evaluated if it can be. */
    public boolean finished() {
        return finished;
    }

    /** The last evaluations may be read after the last goodbyes, and a control peer may come late: both are waited for a while. */
    private void finish(long nowMs) {
        boolean over = aborted.isPresent() || applied >= endOfRun.lastStep().orElse(Long.MAX_VALUE);
        if (!over || membership.anybodyThere()) {
            overSinceMs = Long.MAX_VALUE;
            return;
        }
        overSinceMs = Math.min(overSinceMs, nowMs);
        boolean settled = evaluations.settled() && !membership.anybodyExpected();
        finished = aborted.isPresent() || settled || nowMs - overSinceMs >= LAST_EVALUATION_MS;
    }

    /** Steps held in memory, to show that they are bounded. */
    public int stepsHeld() {
        return Math.max(assembly.held(), outcomes.size());
    }

    private boolean isPaused(long step) {
        return waits() && !stopping && membership.present(step) < setting.contributorsMin();
    }

    private String waitingBecause(long step, boolean paused, List<PeerId> waitingFor) {
        if (finished) {
            return "";
        } else if (aborted.isPresent()) {
            return "the run was given up: " + aborted.get();
        } else if (!caughtUp) {
            return "it still reads the log";
        } else if (applied >= endOfRun.lastStep().orElse(Long.MAX_VALUE)) {
            return "the run is over; it waits for goodbyes and the last evaluations";
        } else if (assembly.batch(step).isEmpty()) {
            return "batch " + step + ", from the augmenter";
        } else if (proposal.isPresent()) {
            return "its outcome of step " + step + " to be in the log";
        } else if (applied == setting.forkedAtStep() && !membership.absent().isEmpty()) {
            return "peers " + membership.absent() + " to join, for up to "
                    + setting.pace().startMs() + " ms (pace.start_ms)";
        } else if (paused) {
            return "paused: " + membership.present(step) + " contributors are there, elastic.min is "
                    + setting.contributorsMin() + "; " + membership.whoIsNotThere(step);
        }
        return waitingFor.isEmpty() ? "predictions of step " + step : "step " + step + ", for " + waitingFor;
    }

    /** Steps whose evaluations are held in memory, to show that they are bounded, too. */
    public int evaluationsHeld() {
        return evaluations.held();
    }

    /** What a person may want to know now. */
    public CoordinatorStatus status(long nowMs) {
        long step = applied + 1;
        List<PeerId> waitingFor = assembly.batch(step).isEmpty()
                ? List.of()
                : Stream.concat(missing(step).stream(), lag.holding(step, nowMs).stream())
                        .map(Member::peer)
                        .distinct()
                        .toList();
        long openedMs = assembly.batch(step).isEmpty() ? nowMs : assembly.openedMs(step, nowMs);
        boolean paused = isPaused(step);
        return new CoordinatorStatus(
                setting.name(),
                applied,
                waitingFor,
                nowMs - openedMs,
                waitingBecause(step, paused, waitingFor),
                paused,
                aborted.isPresent(),
                targets,
                skipped,
                rejections,
                Teacher.hash(state),
                membership.all());
    }
}
