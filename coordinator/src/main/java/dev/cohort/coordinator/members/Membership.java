package dev.cohort.coordinator.members;

import dev.cohort.coordinator.follow.CoordinatorSetting;
import dev.cohort.protocol.Admitted;
import dev.cohort.protocol.Command;
import dev.cohort.protocol.Draining;
import dev.cohort.protocol.Heartbeat;
import dev.cohort.protocol.Joining;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.PeerState;
import dev.cohort.protocol.Standing;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * Maintains the standing of each member: which peers take part, and which are awaited.
 *
 * <pre>
 * EXPECTED --message--> LIVE --late--> LAGGING --prediction for the open step--> LIVE
 *                        |  \--silent--> GONE --message--> LAGGING
 *                        |  \--rejected three times in a row--> SET_ASIDE
 *                        |  \--drained--> DRAINING
 *                        \--Left--> LEFT
 * newcomer --Joining--> CANDIDATE --admitted--> LIVE
 * </pre>
 *
 * An outcome names its contributors, so two coordinators may see the members differently without harm.
 */
public final class Membership {
    /** Rejected predictions in a row after which a peer is set aside. */
    public static final int REJECTED_IN_ROW_MAX = 3;

    private final CoordinatorSetting setting;
    private final Members members;
    private final Cooldown cooldown;
    private final Seating seating;
    /** Peers that were drained and have not left since. */
    private final SortedMap<PeerId, Command> drained = new TreeMap<>();

    /** @param featuresAreRead whether the teacher reads features, so that their width must fit the slot */
    public Membership(CoordinatorSetting setting, Members members, boolean featuresAreRead) {
        this.setting = setting;
        this.members = members;
        cooldown = new Cooldown(setting);
        seating = new Seating(setting, members, cooldown, featuresAreRead);
    }

    /** Gives a peer a seat or refuses it; the answer is to be published. */
    public Admitted joining(Joining joining, long openStep, long nowMs) {
        Admitted answer = seating.joining(joining, openStep, nowMs);
        applyDrains(nowMs);
        return answer;
    }

    /** Applies an answer in the log, from any coordinator. */
    public void admitted(Admitted answer, long nowMs) {
        seating.admitted(answer, nowMs);
        applyDrains(nowMs);
    }

    /** Answers for the peers that requested a seat and have no answer in the log. */
    public List<Admitted> unanswered(long openStep, long nowMs) {
        return seating.unanswered(openStep, nowMs);
    }

    /** Admits the contributors of an outcome, which any coordinator may have admitted. */
    public void contributed(Outcome outcome, long nowMs) {
        seating.contributed(outcome, nowMs);
    }

    /** Restores the latest starts that earlier outcomes named. */
    public void contributed(SortedMap<PeerId, Long> latestStarts) {
        seating.contributed(latestStarts);
    }

    /** The latest start of each peer that an outcome names. */
    public SortedMap<PeerId, Long> latestStarts() {
        return seating.latestStarts();
    }

    /** Restarts the silence of present members, because reading the log took time. */
    public void caughtUp(long nowMs) {
        members.all().stream()
                .filter(Member::there)
                .map(m -> m.reported(m.incarnation(), m.doing(), m.step(), nowMs))
                .forEach(members::put);
    }

    public void reported(Heartbeat heartbeat, long nowMs) {
        members.find(heartbeat.peer())
                .filter(m -> heartbeat.incarnation() >= m.incarnation() && m.standing() != Standing.LEFT)
                .map(m -> awake(
                        m.reported(heartbeat.incarnation(), heartbeat.state(), heartbeat.step(), nowMs),
                        heartbeat.incarnation() > m.incarnation(),
                        nowMs))
                .ifPresent(members::put);
    }

    /** @param restarted whether the message is from a later start than any before */
    private Member awake(Member member, boolean restarted, long nowMs) {
        if (restarted && member.standing() == Standing.LIVE && !member.observer()) {
            // Its heartbeat may come before it joins.
            return cooldown.restarted(member, nowMs);
        }
        return switch (member.standing()) {
            case EXPECTED -> member.standing(Standing.LIVE, nowMs, "joined");
            case GONE -> member.back(nowMs, cooldown.reason(member, "reports again"));
            default -> member;
        };
    }

    /** Admits a candidate as a contributor. */
    public void admit(PeerId peer, String why, long nowMs) {
        members.find(peer).filter(Member::candidate).ifPresent(m -> members.put(m.admitted(nowMs, why)));
    }

    /** Excludes a contributor: it is neither averaged nor awaited until it is admitted again. */
    public void exclude(PeerId peer, String why, long nowMs) {
        members.find(peer).ifPresent(m -> members.put(m.candidate(nowMs, "excluded: " + why)));
    }

    /** Changes the reason for a member's standing. */
    public void because(Member member, String why) {
        members.put(member.because(why));
    }

    /** Sets the reason why a candidate is not admitted yet. */
    public void notYet(PeerId peer, String why) {
        members.find(peer).filter(m -> m.standing() == Standing.CANDIDATE).ifPresent(m -> members.put(m.because(why)));
    }

    public void left(Left left, long nowMs) {
        members.find(left.peer())
                .filter(m -> left.incarnation() >= m.incarnation())
                .map(m -> m.goodbye(left.incarnation(), nowMs, left.reason()))
                .ifPresent(members::put);
        Optional.ofNullable(drained.get(left.peer()))
                .filter(c -> left.incarnation() >= named(c))
                .ifPresent(c -> drained.remove(left.peer()));
    }

    /** Notes that a peer is about to leave, and its last step. */
    public void draining(Draining draining, long nowMs) {
        members.find(draining.peer())
                .filter(m -> draining.incarnation() >= m.incarnation() && m.standing() != Standing.LEFT)
                .map(m -> m.reported(draining.incarnation(), m.doing(), m.step(), nowMs))
                .map(m -> m.draining(draining.lastStep(), nowMs, draining.reason()))
                .ifPresent(members::put);
    }

    /** Drains a peer on an operator's command. A present peer leaves by itself; a lost one is marked as left. */
    public void drain(PeerId peer, Command command, long nowMs) {
        boolean goneSince = members.find(peer)
                .filter(m -> m.past().goodbye() >= named(command))
                .isPresent();
        if (!goneSince) {
            drained.merge(peer, command, (one, other) -> named(one) >= named(other) ? one : other);
            applyDrains(nowMs);
        }
    }

    private static long named(Command drain) {
        return drain.incarnation().orElse(Long.MAX_VALUE);
    }

    private void applyDrains(long nowMs) {
        drained.forEach((peer, command) ->
                members.find(peer).map(m -> drained(m, command.reason(), nowMs)).ifPresent(members::put));
    }

    private static Member drained(Member member, String reason, long nowMs) {
        return switch (member.standing()) {
            // A live peer may still publish predictions; its Draining message names the last step.
            case LIVE -> member.draining(Long.MAX_VALUE, nowMs, "drained: " + reason);
            case LAGGING, CANDIDATE -> member.draining(0, nowMs, "drained: " + reason);
            case GONE, EXPECTED -> member.standing(Standing.LEFT, nowMs, "drained while it was away");
            case DRAINING, SET_ASIDE, LEFT -> member;
        };
    }

    /** Notes a valid prediction for the open step: the peer is at the head. */
    public void atHead(PeerId peer, long nowMs) {
        members.find(peer)
                .map(m -> m.rejections(0).reported(m.incarnation(), m.doing(), m.step(), nowMs))
                .map(m -> switch (m.standing()) {
                    case EXPECTED -> m.standing(Standing.LIVE, nowMs, "at the head");
                    case GONE -> m.back(nowMs, cooldown.reason(m, "reports again"));
                    case CANDIDATE -> members.tooFew() ? m.admitted(nowMs, admittedOfNeed()) : m;
                    case LIVE, LAGGING, DRAINING, SET_ASIDE, LEFT -> m;
                })
                .map(m -> m.standing() == Standing.LAGGING && cooldown.isOver(m, nowMs)
                        ? m.standing(Standing.LIVE, nowMs, "at the head")
                        : m)
                .ifPresent(members::put);
    }

    private String admittedOfNeed() {
        return "admitted: fewer than " + setting.contributorsMin() + " contributors were present (elastic.min)";
    }

    /**
     * Admits newcomers with a prediction for the open step if there are too few contributors, even if those left after the
     * prediction: a newcomer waits for the outcome of that step and will not predict it again. If the prediction is rejected, the
     * step is closed nevertheless.
     *
     * @param answered whether a newcomer has a prediction for the open step
     */
    public void admitOfNeed(Predicate<Member> answered, long nowMs) {
        if (members.tooFew()) {
            members.candidates().stream()
                    .filter(answered)
                    .forEach(m -> members.put(m.admitted(nowMs, admittedOfNeed())));
        }
    }

    /** Counts a rejected prediction of a peer; returns whether the peer is set aside for it. */
    public boolean rejected(PeerId peer, String why, long nowMs) {
        Optional<Member> member =
                members.find(peer).map(m -> m.rejections(m.past().rejectedInRow() + 1));
        boolean setAside = member.filter(m -> m.past().rejectedInRow() >= REJECTED_IN_ROW_MAX)
                .isPresent();
        member.map(m -> setAside ? m.standing(Standing.SET_ASIDE, nowMs, why) : m)
                .ifPresent(members::put);
        return setAside;
    }

    /** Marks members as gone that have been silent for too long. */
    public void expire(long nowMs) {
        for (Member member : members.all()) {
            if (member.there()
                    && nowMs - member.reported().lastMs() > setting.pace().goneAfterMs()) {
                members.put(member.lost(cooldown.steadyMs(), nowMs)
                        .standing(
                                Standing.GONE,
                                nowMs,
                                "no heartbeat for more than " + setting.pace().goneAfterMs()
                                        + " ms (pace.gone_after_ms)"));
            }
        }
        applyDrains(nowMs);
    }

    /** Stops waiting for those peers of {@code missing} whose deadline since {@code openedMs} has passed. */
    public void endWait(List<Member> missing, long step, long openedMs, long nowMs) {
        for (Member member : missing) {
            if (nowMs < waitEndsMs(member, openedMs)) {
                continue;
            }
            if (member.standing() == Standing.LIVE) {
                members.put(member.standing(Standing.LAGGING, nowMs, "late at step " + step));
            } else if (member.standing() == Standing.DRAINING) {
                members.put(member.draining(step - 1, nowMs, member.why()));
            }
        }
    }

    /** When the next deadline of a peer in {@code missing} passes. */
    public long nextWaitEndMs(List<Member> missing, long openedMs) {
        return missing.stream()
                .filter(m -> m.standing() == Standing.LIVE || m.standing() == Standing.DRAINING)
                .mapToLong(m -> waitEndsMs(m, openedMs))
                .min()
                .orElse(Long.MAX_VALUE);
    }

    private long waitEndsMs(Member member, long openedMs) {
        return Math.max(openedMs, member.reported().freeSinceMs())
                + (member.doing() == PeerState.EVALUATING
                        ? setting.pace().evaluationMs()
                        : setting.pace().deadlineMs());
    }

    /** When {@link #expire} may next mark a member as gone. */
    public long nextExpiryMs() {
        long next = Long.MAX_VALUE;
        for (Member member : members.all()) {
            if (member.there()) {
                next = Math.min(
                        next, member.reported().lastMs() + setting.pace().goneAfterMs() + 1);
            }
        }
        return next;
    }
}
