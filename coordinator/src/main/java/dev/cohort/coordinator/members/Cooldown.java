package dev.cohort.coordinator.members;

import dev.cohort.coordinator.follow.CoordinatorSetting;
import dev.cohort.experiment.Experiment;

/**
 * For how long a peer that is lost again and again is not waited for once it is back. Its first loss is free; from the second on
 * the time doubles with each, up to a bound, and after a steady presence of that bound all is forgotten. What it says in time is
 * used meanwhile. Lost peers that are held for are waited for all the same.
 */
final class Cooldown {
    private static final int DOUBLINGS_MAX = 6;

    private final long baseMs;

    Cooldown(CoordinatorSetting setting) {
        baseMs = setting.pace().onLoss() == Experiment.Pace.OnLoss.HOLD
                ? 0
                : setting.elastic().cooldownMs();
    }

    /** A presence after which losses are forgotten. */
    long steadyMs() {
        return baseMs > Long.MAX_VALUE >> DOUBLINGS_MAX ? Long.MAX_VALUE : baseMs << DOUBLINGS_MAX;
    }

    /** How long a peer that was lost that often must have been back. */
    long afterMs(int losses) {
        int doublings = Math.min(losses - 2, DOUBLINGS_MAX);
        return losses < 2 ? 0 : Math.min(steadyMs(), baseMs << doublings);
    }

    /** Whether {@code member} has been back long enough to be waited for. */
    boolean isOver(Member member, long nowMs) {
        return nowMs - member.past().backSinceMs() >= afterMs(member.past().losses());
    }

    /** Why a peer that is back is not waited for yet, if that is so. */
    String reason(Member member, String back) {
        long ms = afterMs(member.past().losses());
        return ms == 0
                ? back
                : back + "; lost " + member.past().losses() + " times, so not waited for before it has been back for "
                        + ms + " ms (elastic.cooldown_ms)";
    }

    /** A member of which another start is there: until it has caught up, nobody waits for it. */
    Member restarted(Member member, long nowMs) {
        Member lost = member.lost(steadyMs(), nowMs);
        return lost.back(nowMs, reason(lost, "start " + lost.incarnation()));
    }
}
