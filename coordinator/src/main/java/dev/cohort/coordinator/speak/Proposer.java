package dev.cohort.coordinator.speak;

import dev.cohort.coordinator.follow.CoordinatorSetting;
import dev.cohort.coordinator.follow.FollowedRun;
import dev.cohort.coordinator.members.Lag;
import dev.cohort.coordinator.members.Member;
import dev.cohort.coordinator.members.Members;
import dev.cohort.coordinator.members.Membership;
import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Outcome;
import java.util.List;
import java.util.Optional;

/** Proposes an outcome for the open step once it is complete, and publishes it again until the log holds an outcome. */
public final class Proposer {
    private final CoordinatorSetting setting;
    private final FollowedRun run;
    private final Members members;
    private final Membership membership;
    private final Completion completion;
    private final RunEnd end;
    private final Lag lag;
    private final Proposals proposals;
    private Optional<Proposal> proposal = Optional.empty();

    public Proposer(
            CoordinatorSetting setting,
            FollowedRun run,
            Members members,
            Membership membership,
            Completion completion,
            RunEnd end,
            Lag lag) {
        this.setting = setting;
        this.run = run;
        this.members = members;
        this.membership = membership;
        this.completion = completion;
        this.end = end;
        this.lag = lag;
        proposals = new Proposals(setting, run);
    }

    /** Messages to publish now; none while the step waits, or while the log holds an outcome that is not applied yet. */
    public List<Message> propose(long nowMs) {
        Optional<Batch> batch = run.openBatch();
        if (batch.isEmpty() || run.openStepHasOutcome()) {
            return List.of();
        }
        long step = run.openStep();
        long openedMs = run.assembly().openedMs(step, nowMs);
        if (proposal.isPresent()) {
            return again(proposal.get(), nowMs);
        }
        membership.admitOfNeed(m -> run.assembly().hasPrediction(step, m.peer()), nowMs);
        if (!end.catchesUpWithFork(nowMs)) {
            membership.endWait(completion.missing(), step, openedMs, nowMs);
        }
        lag.explain(step, nowMs);
        if (!lag.holding(step, nowMs).isEmpty() || !completion.complete(end.isStopping())) {
            return List.of();
        }
        Proposal made = make(batch.get(), nowMs + setting.resendMs());
        proposal = Optional.of(made);
        return made.messages();
    }

    private List<Message> again(Proposal made, long nowMs) {
        if (nowMs < made.resendMs()) {
            return List.of();
        }
        proposal = Optional.of(made.again(nowMs + setting.resendMs()));
        return made.messages();
    }

    private Proposal make(Batch batch, long resendMs) {
        List<Member> good = completion.waits() ? completion.good() : List.of();
        boolean exact = !completion.waits() || good.size() == members.seated();
        return !run.teacher().distils() || good.size() < run.teacher().contributorsMin()
                ? proposals.skip(batch, resendMs)
                : proposals.targets(batch, good, exact, resendMs);
    }

    /** The teacher's result for {@code winner}, if this coordinator proposed the same outcome. */
    public Optional<Teacher.TeacherStep> computed(Outcome winner) {
        return proposal.flatMap(p -> p.computedFor(winner));
    }

    /** The open step was closed. */
    public void stepClosed() {
        proposal = Optional.empty();
    }

    /** Whether an outcome of the open step was published and not read back yet. */
    public boolean hasProposed() {
        return proposal.isPresent();
    }

    /** When {@link #propose} may next have something to publish even if no message arrives. */
    public long nextMs(long nowMs) {
        if (proposal.isPresent()) {
            return proposal.get().resendMs();
        } else if (run.openBatch().isEmpty()) {
            return Long.MAX_VALUE;
        }
        long step = run.openStep();
        long lagMs = lag.nextMs(step, nowMs);
        long openedMs = run.assembly().openedMs(step, nowMs);
        return end.catchesUpWithFork(nowMs)
                ? lagMs
                : Math.min(lagMs, membership.nextWaitEndMs(completion.missing(), openedMs));
    }
}
