package dev.cohort.coordinator;

import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.Addressed;
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
import dev.cohort.protocol.StandingChange;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Ints;
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
 */
public final class Coordinator implements Node {
    private static final long LAST_EVALUATION_MS = 5_000;

    private final CoordinatorSetting setting;
    private final Teacher teacher;
    private final Membership membership;
    private final StandingNews news;
    private final Admission admission;
    private final Lag lag;
    private final StepAssembly assembly;
    private final SlotHistory history = new SlotHistory();
    private final TeacherEvaluations evaluations;
    private final TeacherSnapshots snapshots;
    private final SortedMap<Long, Outcome> outcomes = new TreeMap<>();

    private NamedTensors state;
    private long applied;
    private Optional<Proposal> proposal = Optional.empty();
    private boolean aborted;
    private final EndOfRun endOfRun = new EndOfRun();
    private long overSinceMs = Long.MAX_VALUE;
    private boolean finished;
    private long targets;
    private long skipped;
    private final SortedMap<Rejection.Reason, Long> rejections = new TreeMap<>();
    private long startedMs = Long.MIN_VALUE;
    private long wakeMs = Long.MAX_VALUE;

    /** What was proposed for the open step, to be sent again, and the lesson, so as not to compute it twice. */
    private record Proposal(Outcome outcome, List<Message> messages, Optional<Teacher.Lesson> lesson, long resendMs) {}

    public Coordinator(CoordinatorSetting setting, Teacher teacher) {
        this.setting = setting;
        this.teacher = teacher;
        membership = new Membership(setting);
        news = new StandingNews(setting.resendMs());
        assembly = new StepAssembly(teacher.reads(), setting.classes(), setting.validationImages());
        admission = new Admission(setting.elastic(), membership, assembly);
        lag = new Lag(setting, membership);
        evaluations = new TeacherEvaluations(teacher, setting.testLabels());
        snapshots = new TeacherSnapshots(setting.snapshotSteps());
        state = teacher.initialState();
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
            out.add(membership.joining(joining, applied + 1, nowMs));
        } else if (message instanceof Admitted answer) {
            membership.admitted(answer, nowMs);
        } else if (message instanceof StandingChange change) {
            news.read(change);
        } else if (message instanceof Draining draining) {
            membership.draining(draining, nowMs);
        } else if (message instanceof Left left) {
            membership.left(left, nowMs);
        } else if (message instanceof Evaluation evaluation) {
            evaluations.said(evaluation);
        } else if (message instanceof End end) {
            endOfRun.end(end);
            evaluations.ends(endOfRun.lastStep().orElseThrow(), applied);
        } else if (message instanceof Command command) {
            commanded(command, nowMs);
        }
        advance(nowMs, out);
        return out;
    }

    @Override
    public List<Message> onDeadline(long nowMs) {
        List<Message> out = new ArrayList<>();
        advance(nowMs, out);
        return out;
    }

    @Override
    public long nextDeadlineMs() {
        return wakeMs;
    }

    private void commanded(Command command, long nowMs) {
        switch (command.kind()) {
            case ABORT -> aborted = true;
            case DRAIN -> command.peer().ifPresent(peer -> membership.drain(peer, command, nowMs));
            // The augmenter ends the run.
            case STOP -> {}
        }
    }

    private void takeBatch(Batch batch) {
        if (endOfRun.batch(batch) && batch.step() > applied) {
            assembly.batch(batch);
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
        if (member.isEmpty() || assembly.batch(applied + 1).isEmpty()) {
            return;
        }
        assembly.entry(applied + 1, member.get()).ifPresent(entry -> {
            if (entry.good()) {
                membership.atHead(peer, nowMs);
            } else {
                Rejection rejection = entry.rejection().orElseThrow();
                rejections.merge(rejection.reason(), 1L, Long::sum);
                membership.rejected(peer, rejection.reason().name().toLowerCase(Locale.ROOT), nowMs);
                out.add(rejection);
            }
        });
    }

    private void advance(long nowMs, List<Message> out) {
        if (startedMs == Long.MIN_VALUE) {
            startedMs = nowMs;
        }
        membership.expire(nowMs);
        while (applyNext(nowMs, out)) {
            // every outcome that is already in the log
        }
        abortUnlessStarted(nowMs, out);
        if (!aborted) {
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
            state = lesson(outcome, batch.get(), votes).next();
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
        if (snapshots.due(applied, state) && evaluations.said()) {
            out.add(snapshots.taken(applied, state, history, membership, skipped));
        }
        openStep(nowMs, out);
        return true;
    }

    private Teacher.Lesson lesson(Outcome outcome, Batch batch, List<Teacher.Vote> votes) {
        return proposal.filter(p -> p.outcome().contributors().equals(outcome.contributors())
                        && p.outcome().renewed().equals(outcome.renewed()))
                .flatMap(Proposal::lesson)
                .orElseGet(() -> teacher.teach(teacher.renewed(state, outcome.renewed()), votes(batch, votes)));
    }

    private Teacher.Votes votes(Batch batch, List<Teacher.Vote> votes) {
        return new Teacher.Votes(
                batch.step(), batch.epoch(), setting.learningRate().applyAsDouble(batch.step()), batch.labels(), votes);
    }

    /** Predictions for the step that has just become the open one may have come before. */
    private void openStep(long nowMs, List<Message> out) {
        for (Member member : membership.all()) {
            judge(member.peer(), nowMs, out);
        }
    }

    private void abortUnlessStarted(long nowMs, List<Message> out) {
        List<PeerId> absent = membership.absent();
        if (!aborted
                && applied == setting.forkedAtStep()
                && !absent.isEmpty()
                && nowMs - startedMs >= setting.pace().startMs()) {
            aborted = true;
            out.add(new Command(
                    Command.Kind.ABORT,
                    Optional.empty(),
                    "peers " + absent + " did not join within " + setting.pace().startMs()
                            + " ms (pace.start_ms): look at their logs in processes/"));
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
                proposal = proposal.map(
                        p -> new Proposal(p.outcome(), p.messages(), p.lesson(), nowMs + setting.resendMs()));
            }
            return;
        }
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
            return assembly.anybody(step) || membership.allLeft();
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
        long step = batch.step();
        List<Member> good = waits() ? good(step) : List.of();
        Digest before = Teacher.hash(state);
        if (!teacher.distils() || good.size() < teacher.contributorsMin()) {
            Outcome.SkipReason reason = teacher.distils() ? Outcome.SkipReason.TOO_FEW : Outcome.SkipReason.INDEPENDENT;
            Outcome outcome = new Outcome(step, 0, setting.name(), before, List.of(), new Outcome.Skipped(reason));
            return new Proposal(outcome, List.of(outcome), Optional.empty(), nowMs + setting.resendMs());
        }
        List<Teacher.Vote> votes = new ArrayList<>();
        List<Outcome.Contributor> contributors = new ArrayList<>();
        for (Member member : good) {
            StepAssembly.Entry entry = assembly.entry(step, member).orElseThrow();
            Prediction said = entry.prediction();
            votes.add(new Teacher.Vote(member.peer(), member.slot(), said.tensors()));
            contributors.add(new Outcome.Contributor(
                    member.peer(), member.slot(), said.incarnation(), said.version(), entry.digest()));
        }
        Ints renewed = history.renewed(SlotHistory.voters(contributors));
        Teacher.Lesson lesson = teacher.teach(teacher.renewed(state, renewed), votes(batch, votes));
        List<Message> messages = new ArrayList<>();
        List<Outcome.Part> parts = new ArrayList<>();
        for (Member member : good) {
            List<Term> terms = lesson.addressed().getOrDefault(member.slot(), List.of());
            if (!terms.isEmpty()) {
                Addressed addressed = new Addressed(step, 0, member.peer(), member.slot(), terms);
                parts.add(new Outcome.Part(member.peer(), addressed.digest()));
                messages.add(addressed);
            }
        }
        boolean exact = !waits() || good.size() == membership.seated();
        Outcome outcome = new Outcome(
                step,
                0,
                setting.name(),
                before,
                contributors,
                renewed,
                new Outcome.Targets(lesson.labelWeight(), lesson.terms(), parts, exact));
        messages.add(outcome);
        return new Proposal(outcome, messages, Optional.of(lesson), nowMs + setting.resendMs());
    }

    private long nextWakeMs(long nowMs) {
        long wake = Math.min(membership.nextExpiryMs(), news.nextMs(membership.all()));
        if (applied == setting.forkedAtStep() && !aborted) {
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
        return aborted;
    }

    /** Whether the run is over: every step is applied, everybody has left, and the teacher was evaluated if it can be. */
    public boolean finished() {
        return finished;
    }

    /** The last evaluations may be read after the last goodbyes: they are waited for, but not for ever. */
    private void finish(long nowMs) {
        if (membership.anybody() || (!aborted && applied < endOfRun.lastStep().orElse(Long.MAX_VALUE))) {
            overSinceMs = Long.MAX_VALUE;
            return;
        }
        overSinceMs = Math.min(overSinceMs, nowMs);
        finished = aborted || evaluations.settled() || nowMs - overSinceMs >= LAST_EVALUATION_MS;
    }

    /** Steps held in memory, to show that they are bounded. */
    public int stepsHeld() {
        return Math.max(assembly.held(), outcomes.size());
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
        boolean paused = waits() && membership.present(step) < setting.contributorsMin();
        return new CoordinatorStatus(
                setting.name(),
                applied,
                waitingFor,
                nowMs - openedMs,
                paused,
                aborted,
                targets,
                skipped,
                rejections,
                Teacher.hash(state),
                membership.all());
    }
}
