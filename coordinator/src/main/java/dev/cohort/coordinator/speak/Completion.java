package dev.cohort.coordinator.speak;

import dev.cohort.coordinator.follow.CoordinatorSetting;
import dev.cohort.coordinator.follow.FollowedRun;
import dev.cohort.coordinator.follow.StepAssembly;
import dev.cohort.coordinator.members.Member;
import dev.cohort.coordinator.members.Members;
import dev.cohort.experiment.Experiment;
import java.util.Comparator;
import java.util.List;

/** Decides whether the open step has the predictions that it waits for. */
public final class Completion {
    private final CoordinatorSetting setting;
    private final FollowedRun run;
    private final Members members;

    public Completion(CoordinatorSetting setting, FollowedRun run, Members members) {
        this.setting = setting;
        this.run = run;
        this.members = members;
    }

    /** Whether the teacher reads predictions. */
    public boolean waits() {
        return run.teacher().distils() && run.teacher().contributorsMin() > 0;
    }

    /** Whether too few contributors are present to close a step. */
    public boolean paused(boolean stopping) {
        return waits() && !stopping && members.present(run.openStep()) < setting.contributorsMin();
    }

    /** Contributors whose prediction the open step still waits for. */
    public List<Member> missing() {
        long step = run.openStep();
        return members.awaited(step).stream()
                .filter(m -> !run.assembly().hasPrediction(step, m.peer()))
                .toList();
    }

    /** Contributors with a valid prediction for the open step, in the order of their slots. */
    public List<Member> good() {
        return members.all().stream()
                .filter(members::mayContribute)
                .filter(m -> run.assembly()
                        .entry(run.openStep(), m)
                        .map(StepAssembly.Entry::good)
                        .orElse(false))
                .sorted(Comparator.comparingInt(Member::slot))
                .toList();
    }

    /**
     * Whether the open step can be closed.
     *
     * @param stopping whether the run was told to stop, so that it waits only for peers that are present
     */
    public boolean complete(boolean stopping) {
        long step = run.openStep();
        if (!waits()) {
            // Predictions are not awaited here and not sent again, so a lost one must not keep the run open.
            return run.assembly().anybody(step) || members.allLeft() || (stopping && !members.anyPresent());
        }
        if (stopping) {
            // Absent peers would keep the run from ending.
            return missing().stream().noneMatch(Member::there);
        }
        boolean started = run.applied() > 0 || members.absent().isEmpty();
        // After a restart of all processes every peer is late: without this, all remaining steps would be skipped while
        // they catch up.
        boolean enough =
                members.present(step) >= setting.contributorsMin() && answers(step) >= setting.contributorsMin();
        boolean quorum = setting.pace().completion() == Experiment.Pace.Completion.QUORUM
                && good().size() >= setting.pace().quorum();
        return started && enough && (quorum || missing().isEmpty());
    }

    /** Contributors with a prediction for {@code step}, valid or rejected. */
    private long answers(long step) {
        return members.all().stream()
                .filter(m -> !m.candidate()
                        && !m.observer()
                        && members.hasSeat(m)
                        && run.assembly().hasPrediction(step, m.peer()))
                .count();
    }
}
