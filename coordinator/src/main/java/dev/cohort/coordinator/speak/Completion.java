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

    /** Whether the teacher needs to hear the peers. */
    public boolean waits() {
        return run.teacher().distils() && run.teacher().contributorsMin() > 0;
    }

    /** Whether too few contributors are there for any step to be closed. */
    public boolean paused(boolean stopping) {
        return waits() && !stopping && members.present(run.openStep()) < setting.contributorsMin();
    }

    /** Contributors for whom the open step still waits. */
    public List<Member> missing() {
        long step = run.openStep();
        return members.awaited(step).stream()
                .filter(m -> !run.assembly().hasPrediction(step, m.peer()))
                .toList();
    }

    /** Contributors whose prediction for the open step can be taught from, in the order of their slots. */
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

    /** @param stopping whether the run was told to stop, so that it ends with whoever is there */
    public boolean complete(boolean stopping) {
        long step = run.openStep();
        if (!waits()) {
            // Nobody waits for it and nobody says it again: what was lost on the way must not keep the run open.
            return run.assembly().anybody(step) || members.allLeft() || (stopping && !members.anybodyThere());
        }
        if (stopping) {
            // Whoever is there is still waited for; whoever is not would keep the run from its end.
            return missing().stream().noneMatch(Member::there);
        }
        boolean started = run.applied() > 0 || members.absent().isEmpty();
        // After a restart of all, everybody is late: without this, every step left would be skipped while they catch
        // up.
        boolean enough =
                members.present(step) >= setting.contributorsMin() && answers(step) >= setting.contributorsMin();
        boolean quorum = setting.pace().completion() == Experiment.Pace.Completion.QUORUM
                && good().size() >= setting.pace().quorum();
        return started && enough && (quorum || missing().isEmpty());
    }

    /** Contributors whose prediction is there, be it good or rejected. */
    private long answers(long step) {
        return members.all().stream()
                .filter(m -> !m.candidate()
                        && !m.observer()
                        && members.hasSeat(m)
                        && run.assembly().hasPrediction(step, m.peer()))
                .count();
    }
}
