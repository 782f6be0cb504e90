package dev.cohort.coordinator;

import dev.cohort.coordinator.follow.CoordinatorSetting;
import dev.cohort.coordinator.follow.FollowedRun;
import dev.cohort.coordinator.members.Lag;
import dev.cohort.coordinator.members.Member;
import dev.cohort.coordinator.members.Members;
import dev.cohort.coordinator.speak.Completion;
import dev.cohort.coordinator.speak.RunEnd;
import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Rejection;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.stream.Stream;

/** Reports what a coordinator waits for, for which peers, and for how long. */
final class StatusReport {
    private final CoordinatorSetting setting;
    private final FollowedRun run;
    private final Members members;
    private final Completion completion;
    private final Lag lag;
    private final RunEnd end;

    StatusReport(
            CoordinatorSetting setting, FollowedRun run, Members members, Completion completion, Lag lag, RunEnd end) {
        this.setting = setting;
        this.run = run;
        this.members = members;
        this.completion = completion;
        this.lag = lag;
        this.end = end;
    }

    /**
     * @param caughtUp whether the log up to the start was read
     * @param proposed whether an outcome of the open step was published and not read back yet
     * @param rejections number of rejections, by reason
     */
    CoordinatorStatus of(long nowMs, boolean caughtUp, boolean proposed, SortedMap<Rejection.Reason, Long> rejections) {
        long step = run.openStep();
        boolean open = run.openBatch().isPresent();
        List<PeerId> waitingFor = open
                ? Stream.concat(completion.missing().stream(), lag.holding(step, nowMs).stream())
                        .map(Member::peer)
                        .distinct()
                        .toList()
                : List.of();
        return new CoordinatorStatus(
                setting.name(),
                run.applied(),
                waitingFor,
                nowMs - (open ? run.assembly().openedMs(step, nowMs) : nowMs),
                because(caughtUp, proposed, waitingFor),
                completion.paused(end.isStopping()),
                end.isAborted(),
                run.targets(),
                run.skipped(),
                rejections,
                Teacher.hash(run.state()),
                members.all());
    }

    private String because(boolean caughtUp, boolean proposed, List<PeerId> waitingFor) {
        long step = run.openStep();
        Optional<String> ofRun = end.waitingFor();
        if (!caughtUp && !end.isFinished() && !end.isAborted()) {
            return "still reading the log";
        } else if (ofRun.isPresent()) {
            return ofRun.get();
        } else if (run.openBatch().isEmpty()) {
            return "batch " + step + ", from the augmenter";
        } else if (proposed) {
            return "its outcome of step " + step + " to be in the log";
        } else if (completion.paused(end.isStopping())) {
            return "paused: " + members.present(step) + " contributors present, elastic.min is "
                    + setting.contributorsMin() + "; " + members.absentees(step);
        }
        return waitingFor.isEmpty() ? "predictions of step " + step : "step " + step + ", for " + waitingFor;
    }
}
