package dev.cohort.coordinator.speak;

import dev.cohort.coordinator.follow.CoordinatorSetting;
import dev.cohort.coordinator.follow.FollowedRun;
import dev.cohort.coordinator.members.Divergences;
import dev.cohort.coordinator.members.Members;
import dev.cohort.protocol.Command;
import dev.cohort.protocol.PeerId;
import java.util.List;
import java.util.Optional;

/** Decides when a run is over, and when it is aborted because it cannot continue. */
public final class RunEnd {
    private static final long LAST_EVALUATION_MS = 5_000;

    private final CoordinatorSetting setting;
    private final FollowedRun run;
    private final Members members;
    private final Completion completion;
    private final Divergences divergences;
    private Optional<String> aborted = Optional.empty();
    private boolean stopping;
    private boolean finished;
    private long startedMs = Long.MIN_VALUE;
    private long overSinceMs = Long.MAX_VALUE;

    public RunEnd(
            CoordinatorSetting setting,
            FollowedRun run,
            Members members,
            Completion completion,
            Divergences divergences) {
        this.setting = setting;
        this.run = run;
        this.members = members;
        this.completion = completion;
        this.divergences = divergences;
    }

    /** Starts the clocks, once the log up to this start was read. */
    public void started(long nowMs) {
        startedMs = nowMs;
    }

    /** Applies a command for the whole run, from an operator, the launcher or a coordinator. */
    public void commanded(Command command) {
        switch (command.kind()) {
            case ABORT -> aborted = Optional.of(command.reason());
            // The augmenter ends the run; steps in flight are closed with the peers that are present.
            case STOP -> stopping = true;
            case DRAIN -> {
                // Concerns one peer: Membership applies it.
            }
        }
    }

    /** Aborts the run if peers did not join in time, or if too few are left after others diverged. */
    public Optional<Command> abortIfHopeless(long nowMs) {
        if (aborted.isPresent()) {
            return Optional.empty();
        }
        aborted = absentTooLong(nowMs).or(this::tooFewAfterDivergence);
        return aborted.map(reason -> new Command(Command.Kind.ABORT, Optional.empty(), reason));
    }

    private Optional<String> absentTooLong(long nowMs) {
        return awaitsFirstPeers() && nowMs >= startDeadlineMs()
                ? Optional.of("peers " + members.absent() + " did not join within "
                        + setting.pace().startMs()
                        + " ms (pace.start_ms): look at their logs in processes/")
                : Optional.empty();
    }

    /** Diverged peers do not come back: with too few others the run would wait forever. */
    private Optional<String> tooFewAfterDivergence() {
        int least = completion.waits() ? setting.contributorsMin() : 1;
        return !run.over() && divergences.any() && members.mayComeToContribute() < least
                ? Optional.of(divergences.reason(members.mayComeToContribute(), least))
                : Optional.empty();
    }

    /** Whether the run has not begun because peers that the experiment names have not joined yet. */
    private boolean awaitsFirstPeers() {
        return run.applied() == setting.forkedAtStep() && !members.absent().isEmpty();
    }

    private long startDeadlineMs() {
        return startedMs + setting.pace().startMs();
    }

    /** Peers that first catch up with the steps of another run may take as long as a start. */
    public boolean catchesUpWithFork(long nowMs) {
        return setting.forkedAtStep() > 0 && run.applied() == setting.forkedAtStep() && nowMs < startDeadlineMs();
    }

    /** Ends the run some time after all peers have left: the last evaluations, and a control peer, may arrive late. */
    public void finish(long nowMs) {
        boolean over = aborted.isPresent() || run.over();
        if (!over || members.anyPresent()) {
            overSinceMs = Long.MAX_VALUE;
            return;
        }
        overSinceMs = Math.min(overSinceMs, nowMs);
        boolean settled = run.evaluations().settled() && !members.anyExpected();
        finished = aborted.isPresent() || settled || nowMs - overSinceMs >= LAST_EVALUATION_MS;
    }

    /** When the next of these decisions may be due even if no message arrives. */
    public long nextMs(long nowMs) {
        long next = Long.MAX_VALUE;
        if ((awaitsFirstPeers() && aborted.isEmpty()) || (run.openBatch().isPresent() && catchesUpWithFork(nowMs))) {
            next = startDeadlineMs();
        }
        return overSinceMs != Long.MAX_VALUE && !finished ? Math.min(next, overSinceMs + LAST_EVALUATION_MS) : next;
    }

    public boolean isStopping() {
        return stopping;
    }

    public boolean isAborted() {
        return aborted.isPresent();
    }

    /** Whether every step is applied, everybody has left, and the teacher was evaluated if it can be. */
    public boolean isFinished() {
        return finished;
    }

    /** What the run as a whole waits for, for operators; empty where it waits for a step. */
    public Optional<String> waitingFor() {
        List<PeerId> absent = members.absent();
        if (finished) {
            return Optional.of("");
        } else if (aborted.isPresent()) {
            return aborted.map(reason -> "the run was given up: " + reason);
        } else if (run.over()) {
            return Optional.of("the run is over; waiting for peers to leave and for the last evaluations");
        } else if (awaitsFirstPeers() && run.openBatch().isPresent()) {
            return Optional.of(
                    "peers " + absent + " to join, for up to " + setting.pace().startMs() + " ms (pace.start_ms)");
        }
        return Optional.empty();
    }
}
