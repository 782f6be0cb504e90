package dev.cohort.coordinator;

import dev.cohort.coordinator.Member.Standing;
import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.Admitted;
import dev.cohort.protocol.Heartbeat;
import dev.cohort.protocol.Joining;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.PeerState;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Who takes part, and who is waited for.
 *
 * <pre>
 * EXPECTED --heard--> LIVE --late--> LAGGING --speaks of the open step--> LIVE
 *                      |  \--silent--> GONE --heard--> LAGGING
 *                      |  \--rejected three times in a row--> SET_ASIDE
 *                      \--says goodbye--> LEFT
 * newcomer --Joining--> LAGGING
 * </pre>
 *
 * What a member contributes is recorded in the outcome, so two coordinators may see the members differently without harm.
 */
final class Membership {
    /** Rejected predictions in a row after which a peer is set aside. */
    static final int REJECTED_IN_ROW_MAX = 3;

    private final CoordinatorSetting setting;
    private final SortedMap<PeerId, Member> members = new TreeMap<>();
    private final SortedSet<PeerId> drained = new TreeSet<>();

    Membership(CoordinatorSetting setting) {
        this.setting = setting;
        for (int slot = 0; slot < setting.seats().size(); slot++) {
            PeerId peer = setting.seats().get(slot);
            members.put(peer, Member.expected(peer, slot, false, 0));
        }
        for (PeerId peer : setting.observers()) {
            members.put(peer, Member.expected(peer, 0, true, 0));
        }
    }

    Optional<Member> find(PeerId peer) {
        return Optional.ofNullable(members.get(peer));
    }

    List<Member> all() {
        return List.copyOf(members.values());
    }

    /** Contributors for whom an open step waits. */
    List<Member> awaited() {
        return members.values().stream()
                .filter(m -> !m.observer())
                .filter(m -> m.standing() == Standing.EXPECTED
                        || m.standing() == Standing.LIVE
                        || (m.missed() && holdsLost()))
                .toList();
    }

    /** Contributors that are there, late ones included. */
    long present() {
        return members.values().stream()
                .filter(m -> !m.observer())
                .filter(m -> m.standing() == Standing.LIVE || m.standing() == Standing.LAGGING)
                .count();
    }

    /** Whether everybody there ever was has said goodbye. */
    boolean allLeft() {
        return !members.isEmpty() && members.values().stream().allMatch(m -> m.standing() == Standing.LEFT);
    }

    private boolean holdsLost() {
        return setting.pace().onLoss() == Experiment.Pace.OnLoss.HOLD;
    }

    void heard(Heartbeat heartbeat, long nowMs) {
        find(heartbeat.peer())
                .filter(m -> heartbeat.incarnation() >= m.incarnation() && m.standing() != Standing.LEFT)
                .map(m -> m.heard(heartbeat.incarnation(), heartbeat.state(), heartbeat.step(), nowMs))
                .map(m -> awake(m, nowMs))
                .ifPresent(this::put);
    }

    private Member awake(Member member, long nowMs) {
        return switch (member.standing()) {
            case EXPECTED -> member.standing(Standing.LIVE, nowMs, "joined");
            case GONE -> member.standing(Standing.LAGGING, nowMs, "heard again");
            default -> member;
        };
    }

    /** Takes a peer in, or says why not; the answer is said in the log. */
    Admitted joining(Joining joining, long openStep, long nowMs) {
        Optional<Member> known = find(joining.peer());
        Optional<String> refusal = refusal(joining, known);
        if (refusal.isPresent()) {
            return new Admitted(joining.peer(), joining.incarnation(), 0, openStep, refusal.get());
        }
        boolean again = known.isPresent() && known.get().incarnation() >= joining.incarnation();
        Member member = known.orElseGet(() -> Member.expected(
                joining.peer(), joining.observer() ? 0 : freeSlot().orElseThrow(), joining.observer(), nowMs));
        if (!again) {
            Member heard = member.heard(joining.incarnation(), PeerState.JOINING, joining.trainedSteps(), nowMs);
            boolean named = setting.seats().contains(joining.peer()) && member.incarnation() == 0;
            put(named || heard.observer() ? heard.standing(Standing.LIVE, nowMs, "joined") : heard.restarted(nowMs));
        }
        return new Admitted(joining.peer(), joining.incarnation(), member.slot(), openStep, "");
    }

    private Optional<String> refusal(Joining joining, Optional<Member> known) {
        if (!joining.dataDigest().equals(setting.dataDigest())) {
            return Optional.of("other data: digest " + joining.dataDigest().shortHex() + ", the run has "
                    + setting.dataDigest().shortHex() + "; use the data set the experiment names");
        }
        if (known.isPresent()) {
            return known.get().standing() == Standing.SET_ASIDE
                    ? Optional.of("set aside: " + known.get().why())
                    : Optional.empty();
        }
        if (joining.observer()) {
            return Optional.empty();
        }
        return freeSlot().isEmpty()
                ? Optional.of("no seat: all " + setting.slots() + " slots are taken (elastic.max)")
                : widthRefusal(joining, freeSlot().get());
    }

    private Optional<String> widthRefusal(Joining joining, int slot) {
        int width = setting.featureWidths().get(slot);
        return joining.featureWidth() == width
                ? Optional.empty()
                : Optional.of("features of width " + joining.featureWidth() + ": slot " + slot + " takes " + width
                        + "; choose a model of that width");
    }

    private Optional<Integer> freeSlot() {
        List<Integer> taken = members.values().stream()
                .filter(m -> !m.observer())
                .map(Member::slot)
                .toList();
        for (int slot = 0; slot < setting.slots(); slot++) {
            if (!taken.contains(slot)) {
                return Optional.of(slot);
            }
        }
        return Optional.empty();
    }

    void left(Left left, long nowMs) {
        find(left.peer())
                .filter(m -> left.incarnation() >= m.incarnation())
                .map(m -> m.standing(Standing.LEFT, nowMs, left.reason()))
                .ifPresent(this::put);
    }

    /** An operator lets a peer go. One that is there says goodbye itself; one that is lost cannot. */
    void drain(PeerId peer, long nowMs) {
        drained.add(peer);
        letGo(nowMs);
    }

    private void letGo(long nowMs) {
        for (PeerId peer : drained) {
            find(peer)
                    .filter(m -> m.standing() == Standing.GONE || m.standing() == Standing.EXPECTED)
                    .map(m -> m.standing(Standing.LEFT, nowMs, "drained while it was away"))
                    .ifPresent(this::put);
        }
    }

    /** A good prediction for the open step: the peer is at the head. */
    void atHead(PeerId peer, long nowMs) {
        find(peer)
                .map(m -> m.rejections(0).heard(m.incarnation(), m.doing(), m.step(), nowMs))
                .map(m -> switch (m.standing()) {
                    case LAGGING, EXPECTED, GONE -> m.standing(Standing.LIVE, nowMs, "at the head");
                    default -> m;
                })
                .ifPresent(this::put);
    }

    void rejected(PeerId peer, String why, long nowMs) {
        find(peer)
                .map(m -> m.rejections(m.rejectedInRow() + 1))
                .map(m -> m.rejectedInRow() >= REJECTED_IN_ROW_MAX ? m.standing(Standing.SET_ASIDE, nowMs, why) : m)
                .ifPresent(this::put);
    }

    /** Notes who has been silent for too long. */
    void expire(long nowMs) {
        for (Member member : all()) {
            boolean counts = member.standing() == Standing.LIVE || member.standing() == Standing.LAGGING;
            if (counts && nowMs - member.lastSeenMs() > setting.pace().goneAfterMs()) {
                put(member.standing(
                        Standing.GONE,
                        nowMs,
                        "no heartbeat for more than " + setting.pace().goneAfterMs() + " ms (pace.gone_after_ms)"));
            }
        }
        letGo(nowMs);
    }

    /** Peers of {@code missing} that had their time since {@code openedMs} are no longer waited for. */
    void late(List<Member> missing, long step, long openedMs, long nowMs) {
        for (Member member : missing) {
            if (member.standing() == Standing.LIVE && nowMs >= lateAtMs(member, openedMs)) {
                put(member.standing(Standing.LAGGING, nowMs, "late at step " + step));
            }
        }
    }

    /** When the wait for {@code member} ends. */
    long lateAtMs(Member member, long openedMs) {
        return Math.max(openedMs, member.freeSinceMs())
                + (member.doing() == PeerState.EVALUATING
                        ? setting.pace().evaluationMs()
                        : setting.pace().deadlineMs());
    }

    /** When {@link #expire} may next find somebody. */
    long nextExpiryMs() {
        long next = Long.MAX_VALUE;
        for (Member member : new ArrayList<>(members.values())) {
            if (member.standing() == Standing.LIVE || member.standing() == Standing.LAGGING) {
                next = Math.min(next, member.lastSeenMs() + setting.pace().goneAfterMs() + 1);
            }
        }
        return next;
    }

    private void put(Member member) {
        members.put(member.peer(), member);
    }
}
