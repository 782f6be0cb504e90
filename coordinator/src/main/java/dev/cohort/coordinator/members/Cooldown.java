package dev.cohort.coordinator.members;

import dev.cohort.coordinator.follow.CoordinatorSetting;
import dev.cohort.experiment.Experiment;

/**
 * How long a peer that was lost repeatedly is not awaited after it returns. The first loss is free; from the second on the time
 * doubles with each loss, up to a bound, and after a presence as long as that bound the losses are forgotten. Predictions that
 * arrive in time are used meanwhile. There is no cooldown where steps stay open for lost peers.
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

    /** How long a peer must have been back after this many losses. */
    long afterMs(int losses) {
        int doublings = Math.min(losses - 2, DOUBLINGS_MAX);
        return losses < 2 ? 0 : Math.min(steadyMs(), baseMs << doublings);
    }

    /** Whether {@code member} has been back long enough to be awaited. */
    boolean isOver(Member member, long nowMs) {
        return nowMs - member.past().backSinceMs() >= afterMs(member.past().losses());
    }

    /** The reason for a standing after a return, with the cooldown if one applies. */
    String reason(Member member, String back) {
        long ms = afterMs(member.past().losses());
        return ms == 0
                ? back
                : back + "; lost " + member.past().losses() + " times, so not waited for before it has been back for "
                        + ms + " ms (elastic.cooldown_ms)";
    }

    /** A member whose process restarted: it is not awaited until it has caught up. */
    Member restarted(Member member, long nowMs) {
        Member lost = member.lost(steadyMs(), nowMs);
        return lost.back(nowMs, reason(lost, "start " + lost.incarnation()));
    }
}
