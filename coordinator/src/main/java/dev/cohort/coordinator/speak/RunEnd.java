package dev.cohort.coordinator.speak;

import dev.cohort.coordinator.follow.CoordinatorSetting;
import dev.cohort.coordinator.follow.FollowedRun;
import dev.cohort.coordinator.members.Divergences;
import dev.cohort.coordinator.members.Members;
import dev.cohort.protocol.Command;
import dev.cohort.protocol.PeerId;
import java.util.List;
import java.util.Optional;

/** Decides when a run is over, and when it is given up since it cannot go on. */
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

    /** The clocks of a start begin when the log up to that start was read. */
    public void started(long nowMs) {
        startedMs = nowMs;
    }

    /** Takes in what an operator, the launcher or a coordinator has decided for the whole run. */
    public void commanded(Command command) {
        switch (command.kind()) {
            case ABORT -> aborted = Optional.of(command.reason());
            // The augmenter ends the run; what is in flight is closed with whoever is there.
            case STOP -> stopping = true;
            case DRAIN -> {
                // About one peer: Membership takes it.
            }
        }
    }

    /** Gives the run up if peers did not join in time, or if too few are left after others diverged. */
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

    /** Peers that diverged do not come back: with too few others the run would wait for ever. */
    private Optional<String> tooFewAfterDivergence() {
        int least = completion.waits() ? setting.contributorsMin() : 1;
        return !run.over() && divergences.any() && members.mayComeToContribute() < least
                ? Optional.of(divergences.reason(members.mayComeToContribute(), least))
                : Optional.empty();
    }

    /** Whether the run has not begun, since peers that the experiment names have not come yet. */
    private boolean awaitsFirstPeers() {
        return run.applied() == setting.forkedAtStep() && !members.absent().isEmpty();
    }

    private long startDeadlineMs() {
        return startedMs + setting.pace().startMs();
    }

    /** Whoever begins with the steps of another run may take as long as a start. */
    public boolean catchesUpWithFork(long nowMs) {
        return setting.forkedAtStep() > 0 && run.applied() == setting.forkedAtStep() && nowMs < startDeadlineMs();
    }

    /** The last evaluations may be read after the last goodbyes, and a control peer may come late: both are waited for a while. */
    public void finish(long nowMs) {
        boolean over = aborted.isPresent() || run.over();
        if (!over || members.anybodyThere()) {
            overSinceMs = Long.MAX_VALUE;
            return;
        }
        overSinceMs = Math.min(overSinceMs, nowMs);
        boolean settled = run.evaluations().settled() && !members.anybodyExpected();
        finished = aborted.isPresent() || settled || nowMs - overSinceMs >= LAST_EVALUATION_MS;
    }

    /** When the next of these decisions may be due although nothing is read. */
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

    /** What the run waits for as a whole, for people; empty where it waits for a step. */
    public Optional<String> waitingFor() {
        List<PeerId> absent = members.absent();
        if (finished) {
            return Optional.of("");
        } else if (aborted.isPresent()) {
            return aborted.map(reason -> "the run was given up: " + reason);
        } else if (run.over()) {
            return Optional.of("the run is over; it waits for goodbyes and the last evaluations");
        } else if (awaitsFirstPeers() && run.openBatch().isPresent()) {
            return Optional.of(
                    "peers " + absent + " to join, for up to " + setting.pace().startMs() + " ms (pace.start_ms)");
        }
        return Optional.empty();
    }
}
