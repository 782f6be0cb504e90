package dev.cohort.coordinator.follow;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Positions;
import dev.cohort.protocol.Snapshot;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.NamedTensors;
import java.util.Optional;
import java.util.SortedMap;

/** When the trained teacher is kept, and which of what was kept is a beginning. */
public final class TeacherSnapshots {
    private final long everySteps;
    private long newest;

    /** @param everySteps 0 for never */
    public TeacherSnapshots(long everySteps) {
        this.everySteps = everySteps;
    }

    /** There is one of {@code step}. */
    public void has(long step) {
        newest = step;
    }

    /** Whether one is due after {@code applied}; a teacher that learns nothing needs none. */
    public boolean due(long applied, NamedTensors state) {
        return everySteps > 0
                && applied / everySteps > newest / everySteps
                && !state.asMap().isEmpty();
    }

    /** The teacher after a step; a coordinator knows no positions. */
    public Snapshot taken(FollowedRun run, SortedMap<PeerId, Long> latestStarts) {
        has(run.applied());
        return new Snapshot(
                run.applied(),
                run.state(),
                Teacher.hash(run.state()),
                run.history().lastContributors(),
                latestStarts,
                run.skipped(),
                Positions.NONE);
    }

    /**
     * Why a snapshot is no beginning; empty if it is one. What was kept may be of a step that another proposal won, or damaged, or a
     * lie: the log decides.
     *
     * @param next the first outcome in the log of the step after it, if there is one
     */
    public static Optional<String> objection(Snapshot snapshot, Optional<Outcome> next) {
        Digest state = Teacher.hash(snapshot.state());
        if (!state.equals(snapshot.hash())) {
            return Optional.of("its state has the hash " + state.shortHex() + ", it says "
                    + snapshot.hash().shortHex());
        }
        if (next.isEmpty() || next.get().step() != snapshot.step() + 1) {
            return Optional.of("no outcome of step " + (snapshot.step() + 1) + " is there to confirm it");
        }
        Digest before = next.get().stateBefore();
        return before.equals(state)
                ? Optional.empty()
                : Optional.of("its state has the hash " + state.shortHex() + ", the outcome of step "
                        + next.get().step() + " was computed from " + before.shortHex());
    }
}
