package dev.cohort.coordinator.members;

import dev.cohort.coordinator.follow.CoordinatorSetting;
import dev.cohort.experiment.Experiment.Elastic.OnLag;
import dev.cohort.protocol.Heartbeat;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.PeerState;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.Standing;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Tracks how many steps contributors are behind the outcomes. With more than {@code elastic.lag_max_steps} the others wait for
 * them, or they are excluded ({@code elastic.on_lag}).
 *
 * <p>The progress of a peer follows from its heartbeats and predictions. Only a peer that makes progress paces the others: not
 * one that trained nothing for {@code pace.deadline_ms}, and not one that is gone.
 */
public final class Lag {
    private final CoordinatorSetting setting;
    private final Members members;
    private final Membership membership;
    private final SortedMap<PeerId, Progress> progress = new TreeMap<>();

    /**
     * Progress of a peer.
     *
     * @param incarnation start of the peer
     * @param step last step it is known to have trained
     * @param sinceMs when it became known
     */
    private record Progress(long incarnation, long step, long sinceMs) {
        private boolean isBefore(Progress other) {
            return other.incarnation > incarnation || (other.incarnation == incarnation && other.step > step);
        }
    }

    public Lag(CoordinatorSetting setting, Members members, Membership membership) {
        this.setting = setting;
        this.members = members;
        this.membership = membership;
    }

    /** Notes the progress in a heartbeat, and excludes a peer that is too far behind if that is the policy. */
    public void reported(Heartbeat heartbeat, long applied, long nowMs) {
        reached(heartbeat.peer(), new Progress(heartbeat.incarnation(), heartbeat.step(), nowMs));
        members.find(heartbeat.peer())
                .filter(m -> policy(OnLag.EXCLUDE) && counts(m) && isTooFarBehind(m, applied))
                .ifPresent(m -> membership.exclude(
                        m.peer(),
                        "more than " + setting.elastic().lag().maxSteps() + " steps behind (elastic.lag_max_steps)",
                        nowMs));
    }

    /** Notes the progress in a prediction: its peer has trained the step before. */
    public void predicted(Prediction prediction, long nowMs) {
        reached(prediction.peer(), new Progress(prediction.incarnation(), prediction.step() - 1, nowMs));
    }

    private void reached(PeerId peer, Progress now) {
        progress.merge(peer, now, (before, after) -> before.isBefore(after) ? after : before);
    }

    /** Peers that keep {@code step} open. */
    public List<Member> holding(long step, long nowMs) {
        return members.all().stream()
                .filter(m -> policy(OnLag.PACE) && counts(m) && isTooFarBehind(m, step) && nowMs < heldUntilMs(m))
                .toList();
    }

    /** When {@code step} may be closed even if no peer makes progress. */
    public long nextMs(long step, long nowMs) {
        return holding(step, nowMs).stream().mapToLong(this::heldUntilMs).min().orElse(Long.MAX_VALUE);
    }

    /** Notes for each peer whether it paces the others. */
    public void explain(long step, long nowMs) {
        if (!policy(OnLag.PACE)) {
            return;
        }
        List<Member> holding = holding(step, nowMs);
        for (Member member : members.all()) {
            String pacing = "more than " + setting.elastic().lag().maxSteps()
                    + " steps behind, so the others wait (elastic.on_lag: pace)";
            if (holding.contains(member)) {
                membership.because(member, pacing);
            } else if (member.why().equals(pacing) && hasCaughtUp(member, step)) {
                membership.because(member, "caught up");
            }
        }
    }

    /** Half of the limit: a peer that paces stays close to the limit, and its reason must not alternate. */
    private boolean hasCaughtUp(Member member, long step) {
        return behind(member, step) <= setting.elastic().lag().maxSteps() / 2;
    }

    private boolean policy(OnLag asked) {
        return setting.elastic().lag().maxSteps() > 0 && setting.elastic().lag().policy() == asked;
    }

    private static boolean counts(Member member) {
        return !member.observer()
                && !member.candidate()
                && (member.standing() == Standing.LIVE || member.standing() == Standing.LAGGING);
    }

    private boolean isTooFarBehind(Member member, long step) {
        return behind(member, step) > setting.elastic().lag().maxSteps();
    }

    /** 0 for a peer whose progress is unknown. */
    private long behind(Member member, long step) {
        return known(member).map(p -> step - p.step()).orElse(0L);
    }

    private Optional<Progress> known(Member member) {
        return Optional.ofNullable(progress.get(member.peer())).filter(p -> p.incarnation() == member.incarnation());
    }

    private long heldUntilMs(Member member) {
        long sinceMs = known(member).map(Progress::sinceMs).orElse(Long.MIN_VALUE);
        boolean evaluates = member.doing() == PeerState.EVALUATING;
        return Math.max(sinceMs, member.reported().freeSinceMs())
                + (evaluates ? setting.pace().evaluationMs() : setting.pace().deadlineMs());
    }
}
