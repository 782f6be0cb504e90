package dev.cohort.coordinator.follow;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Positions;
import dev.cohort.protocol.Snapshot;
import dev.cohort.tensor.Digest;
import java.util.Optional;
import java.util.SortedMap;

/**
 * Decides when a snapshot of the teacher is due, and whether a coordinator can continue from one. A teacher without trained
 * parameters has snapshots, too: from one, a coordinator continues at the head of the log instead of its beginning.
 */
public final class TeacherSnapshots {
    private final long everySteps;
    private long newest;

    /** @param everySteps steps between snapshots, 0 for none */
    public TeacherSnapshots(long everySteps) {
        this.everySteps = everySteps;
    }

    /** Notes that a snapshot after {@code step} exists. */
    public void has(long step) {
        newest = step;
    }

    /** Whether a snapshot is due after {@code applied}. */
    public boolean due(long applied) {
        return everySteps > 0 && applied / everySteps > newest / everySteps;
    }

    /** A snapshot of the teacher after the last applied step, without log positions. */
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
     * Why a coordinator cannot continue from a snapshot; empty if it can. A snapshot may be damaged, forged, or of a state that
     * the log does not confirm. The state of a teacher without trained parameters is always the same, so only the place of the
     * snapshot in the log is confirmed.
     *
     * @param next the first outcome in the log of the step after the snapshot, if one exists
     */
    public static Optional<String> objection(Snapshot snapshot, Optional<Outcome> next) {
        Digest state = Teacher.hash(snapshot.state());
        if (!state.equals(snapshot.hash())) {
            return Optional.of("its state has the hash " + state.shortHex() + ", it declares "
                    + snapshot.hash().shortHex());
        }
        if (next.isEmpty() || next.get().step() != snapshot.step() + 1) {
            return Optional.of("no outcome of step " + (snapshot.step() + 1) + " confirms it");
        }
        Digest before = next.get().stateBefore();
        return before.equals(state)
                ? Optional.empty()
                : Optional.of("its state has the hash " + state.shortHex() + ", the outcome of step "
                        + next.get().step() + " was computed from " + before.shortHex());
    }
}
