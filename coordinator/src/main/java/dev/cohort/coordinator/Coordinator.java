package dev.cohort.coordinator;

import dev.cohort.coordinator.follow.CoordinatorSetting;
import dev.cohort.coordinator.follow.DeclaredShapes;
import dev.cohort.coordinator.follow.FollowedRun;
import dev.cohort.coordinator.follow.TeacherSnapshots;
import dev.cohort.coordinator.members.Admission;
import dev.cohort.coordinator.members.Divergences;
import dev.cohort.coordinator.members.Lag;
import dev.cohort.coordinator.members.MemberMessages;
import dev.cohort.coordinator.members.Members;
import dev.cohort.coordinator.members.Membership;
import dev.cohort.coordinator.members.StandingNews;
import dev.cohort.coordinator.speak.Completion;
import dev.cohort.coordinator.speak.PredictionChecks;
import dev.cohort.coordinator.speak.PredictionMessages;
import dev.cohort.coordinator.speak.Proposer;
import dev.cohort.coordinator.speak.RunEnd;
import dev.cohort.coordinator.speak.StepCloser;
import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Command;
import dev.cohort.protocol.End;
import dev.cohort.protocol.Evaluation;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Node;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.Snapshot;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.TensorPiece;
import dev.cohort.tensor.NamedTensors;
import java.util.ArrayList;
import java.util.List;

/**
 * Decides when a step is complete, and publishes the targets that the teacher makes for it.
 *
 * <p>It only proposes. {@link FollowedRun} applies the first outcome of a step that the log holds; step t+1 is proposed only
 * after t was applied. So any number of coordinators may run at once, even a forgotten old one: the first outcome of a step
 * wins, and all of them apply it.
 *
 * <p>Until it has caught up with the log it publishes nothing: the log may hold those messages already.
 */
public final class Coordinator implements Node {
    private final FollowedRun run;
    private final Members members;
    private final Membership membership;
    private final StandingNews news;
    private final MemberMessages memberMessages;
    private final PredictionChecks checks;
    private final PredictionMessages predictions;
    private final RunEnd end;
    private final Proposer proposer;
    private final StepCloser closer;
    private final StatusReport report;
    private boolean caughtUp;
    private long wakeMs = Long.MAX_VALUE;

    public Coordinator(CoordinatorSetting setting, Teacher teacher) {
        DeclaredShapes shapes = new DeclaredShapes(setting, teacher.reads());
        run = new FollowedRun(setting, teacher, shapes);
        members = new Members(setting);
        membership = new Membership(setting, members, teacher.reads().contains(TensorName.FEATURES));
        news = new StandingNews(setting.resendMs());
        Admission admission = new Admission(setting.elastic(), members, membership, run.assembly());
        Lag lag = new Lag(setting, members, membership);
        Divergences divergences = new Divergences();
        memberMessages = new MemberMessages(members, membership, lag, news, divergences);
        checks = new PredictionChecks(run, shapes, members, membership, divergences);
        predictions = new PredictionMessages(run, checks, admission, lag);
        Completion completion = new Completion(setting, run, members);
        end = new RunEnd(setting, run, members, completion, divergences);
        proposer = new Proposer(setting, run, members, membership, completion, end, lag);
        TeacherSnapshots snapshots = new TeacherSnapshots(setting.snapshotSteps());
        closer = new StepCloser(run, membership, admission, proposer, checks, snapshots);
        report = new StatusReport(setting, run, members, completion, lag, end);
    }

    /**
     * A coordinator that continues from a snapshot.
     *
     * @param from a snapshot that {@link TeacherSnapshots#objection} accepts; earlier messages need not be read
     */
    public Coordinator(CoordinatorSetting setting, Teacher teacher, Snapshot from) {
        this(setting, teacher);
        run.restore(from);
        membership.contributed(from.latestStarts());
        closer.restore(from);
    }

    @Override
    public List<Message> onMessage(Message message, long nowMs) {
        List<Message> out = new ArrayList<>();
        if (message instanceof Batch batch) {
            run.batch(batch);
        } else if (message instanceof Prediction prediction) {
            predictions.take(prediction, nowMs).ifPresent(out::add);
        } else if (message instanceof TensorPiece piece) {
            predictions.take(piece, nowMs).ifPresent(out::add);
        } else if (message instanceof Outcome outcome) {
            run.outcome(outcome);
        } else if (message instanceof Evaluation evaluation) {
            predictions.take(evaluation).ifPresent(out::add);
        } else if (message instanceof End last) {
            run.end(last);
        } else {
            if (message instanceof Command command) {
                end.commanded(command);
            }
            memberMessages.take(message, run.applied(), nowMs).ifPresent(out::add);
        }
        advance(nowMs, out);
        return caughtUp ? out : List.of();
    }

    @Override
    public List<Message> onCaughtUp(long nowMs) {
        caughtUp = true;
        end.started(nowMs);
        membership.caughtUp(nowMs);
        List<Message> out = new ArrayList<>(membership.unanswered(run.openStep(), nowMs));
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

    private void advance(long nowMs, List<Message> out) {
        if (caughtUp) {
            membership.expire(nowMs);
        }
        out.addAll(closer.close(caughtUp, nowMs));
        if (!caughtUp) {
            return;
        }
        end.abortIfHopeless(nowMs).ifPresent(out::add);
        if (!end.isAborted()) {
            out.addAll(proposer.propose(nowMs));
        }
        run.evaluations().next().ifPresent(out::add);
        out.addAll(news.due(members.all(), run.openStep(), run.over() || end.isAborted(), nowMs));
        end.finish(nowMs);
        wakeMs = nextWakeMs(nowMs);
    }

    private long nextWakeMs(long nowMs) {
        long wake = Math.min(membership.nextExpiryMs(), news.nextMs(members.all()));
        wake = Math.min(wake, Math.min(end.nextMs(nowMs), proposer.nextMs(nowMs)));
        return Math.max(wake, nowMs + 1);
    }

    /** Last step whose outcome was applied. */
    public long applied() {
        return run.applied();
    }

    /** The trained teacher after {@link #applied}. */
    public NamedTensors state() {
        return run.state();
    }

    /** Whether the run was aborted. */
    public boolean aborted() {
        return end.isAborted();
    }

    /** Whether the run is over: every step is applied, everybody has left, and the teacher was evaluated if it can be. */
    public boolean finished() {
        return end.isFinished();
    }

    /** Steps held in memory, to show that they are bounded. */
    public int stepsHeld() {
        return run.stepsHeld();
    }

    /** Steps whose evaluations are held in memory, to show that they are bounded. */
    public int evaluationsHeld() {
        return run.evaluations().held();
    }

    /** The status to show to an operator. */
    public CoordinatorStatus status(long nowMs) {
        return report.of(nowMs, caughtUp, proposer.hasProposed(), checks.counts());
    }
}
