package dev.cohort.coordinator.speak;

import dev.cohort.coordinator.follow.FollowedRun;
import dev.cohort.coordinator.follow.TeacherSnapshots;
import dev.cohort.coordinator.members.Admission;
import dev.cohort.coordinator.members.Membership;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Snapshot;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Closes steps: applies the outcomes that were read from the log, in step order, and does what follows from each: newcomers are
 * measured, a snapshot of the teacher is due, and predictions that arrived early are checked.
 */
public final class StepCloser {
    private final FollowedRun run;
    private final Membership membership;
    private final Admission admission;
    private final Proposer proposer;
    private final PredictionChecks checks;
    private final TeacherSnapshots snapshots;

    public StepCloser(
            FollowedRun run,
            Membership membership,
            Admission admission,
            Proposer proposer,
            PredictionChecks checks,
            TeacherSnapshots snapshots) {
        this.run = run;
        this.membership = membership;
        this.admission = admission;
        this.proposer = proposer;
        this.checks = checks;
        this.snapshots = snapshots;
    }

    /** A snapshot of the teacher after {@code from.step()} exists. */
    public void restore(Snapshot from) {
        snapshots.has(from.step());
    }

    /**
     * Closes every step whose outcome was read.
     *
     * @param caughtUp whether the log up to the start was read; before that no snapshot is taken
     * @return rejections and snapshots to publish
     */
    public List<Message> close(boolean caughtUp, long nowMs) {
        List<Message> out = new ArrayList<>();
        Optional<FollowedRun.AppliedStep> step = run.applyNext(proposer::computed);
        while (step.isPresent()) {
            closed(step.get(), caughtUp, nowMs, out);
            step = run.applyNext(proposer::computed);
        }
        return out;
    }

    private void closed(FollowedRun.AppliedStep step, boolean caughtUp, long nowMs, List<Message> out) {
        admission.applied(step.batch(), step.outcome(), nowMs);
        run.forgetClosed();
        proposer.stepClosed();
        // A coordinator that continues from the snapshot reads nothing before it: earlier evaluations must be in the
        // log.
        if (caughtUp && snapshots.due(run.applied()) && run.evaluations().settledInLog()) {
            out.add(snapshots.taken(run, membership.latestStarts()));
        }
        out.addAll(checks.checkOpenStep(nowMs));
    }
}
