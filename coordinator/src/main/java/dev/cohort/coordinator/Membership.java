package dev.cohort.coordinator;

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
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Who takes part, and who is waited for.
 *
 * <pre>
 * EXPECTED --heard--> LIVE --late--> LAGGING --speaks of the open step--> LIVE
 *                      |  \--silent--> GONE --heard--> LAGGING
 *                      |  \--rejected three times in a row--> SET_ASIDE
 *                      |  \--drained--> DRAINING
 *                      \--says goodbye--> LEFT
 * newcomer --Joining--> CANDIDATE --admitted--> LIVE
 * </pre>
 *
 * What a member contributes is recorded in the outcome, so two coordinators may see the members differently without harm.
 */
final class Membership {
    /** Rejected predictions in a row after which a peer is set aside. */
    static final int REJECTED_IN_ROW_MAX = 3;

    private final CoordinatorSetting setting;
    private final boolean featuresAreRead;
    private final SortedMap<PeerId, Member> members = new TreeMap<>();
    /** Who was asked to go, and not gone since. */
    private final SortedMap<PeerId, Command> drained = new TreeMap<>();
    /** The latest start of each peer that an outcome names. */
    private final SortedMap<PeerId, Long> contributions = new TreeMap<>();

    private final Cooldown cooldown;
    private final Seats seats;
    /** The newest request of each peer. */
    private final SortedMap<PeerId, Joining> asked = new TreeMap<>();
    /** What the log answers the newest start of each peer; the first answer counts. */
    private final SortedMap<PeerId, Admitted> answered = new TreeMap<>();

    /** @param featuresAreRead whether the teacher reads them, so that their width matters */
    Membership(CoordinatorSetting setting, boolean featuresAreRead) {
        this.setting = setting;
        this.featuresAreRead = featuresAreRead;
        seats = new Seats(setting, this::find);
        cooldown = new Cooldown(setting);
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

    /** Whether a peer may be averaged: it has its slot still and has nothing against it. */
    boolean mayContribute(Member member) {
        return member.mayContribute() && seats.has(member);
    }

    /** Whether nobody else was given its slot. */
    boolean hasSeat(Member member) {
        return seats.has(member);
    }

    /** Contributors for whom {@code step}, which is open, waits. */
    List<Member> awaited(long step) {
        return members.values().stream()
                .filter(m -> !m.observer())
                .filter(m -> m.standing() == Standing.EXPECTED
                        || m.standing() == Standing.LIVE
                        || (m.standing() == Standing.DRAINING && m.answers(step))
                        || (m.past().missed() && setting.holdsLost()))
                .toList();
    }

    /** Contributors that may answer {@code step}, late ones included. */
    long present(long step) {
        return members.values().stream()
                .filter(m -> !m.observer() && m.answers(step))
                .count();
    }

    /** Contributors the experiment names that were not heard of yet. */
    List<PeerId> absent() {
        return members.values().stream()
                .filter(m -> !m.observer() && m.standing() == Standing.EXPECTED)
                .map(Member::peer)
                .toList();
    }

    /** Contributors that have a seat and did not say goodbye: the single process would have them all. */
    long seated() {
        return members.values().stream()
                .filter(m -> !m.observer() && !m.candidate() && m.standing() != Standing.LEFT)
                .count();
    }

    /** Newcomers that are there and may not contribute yet. */
    List<Member> candidates() {
        return members.values().stream().filter(m -> m.candidate() && m.there()).toList();
    }

    /** Whether fewer than {@code elastic.min} contributors are there or expected, so that anybody is welcome. */
    private boolean tooFew() {
        return members.values().stream()
                        .filter(m -> mayContribute(m) && (m.there() || m.standing() == Standing.EXPECTED))
                        .count()
                < setting.contributorsMin();
    }

    /** Contributors and newcomers that are there, may come (back), or have trained to the end. */
    long mayComeToContribute() {
        return members.values().stream()
                .filter(m -> !m.observer() && m.standing() != Standing.SET_ASIDE)
                .filter(m -> m.standing() != Standing.LEFT || m.why().equals(Left.FINISHED))
                .count();
    }

    /** Who does not answer {@code step}, and why; for people. */
    String whoIsNotThere(long step) {
        return members.values().stream()
                .filter(m -> !m.observer() && !m.answers(step))
                .map(m -> m.peer() + " " + m.standing().name().toLowerCase(Locale.ROOT) + " (" + m.why() + ")")
                .collect(Collectors.joining(", "));
    }

    /** Whether anybody is there. */
    boolean anybodyThere() {
        return members.values().stream().anyMatch(Member::there);
    }

    /** Whether anybody the experiment names has never come. */
    boolean anybodyExpected() {
        return members.values().stream().anyMatch(m -> m.standing() == Standing.EXPECTED);
    }

    /** Reading the log took its time; whoever was there last is given the time to be heard. */
    void caughtUp(long nowMs) {
        all().stream()
                .filter(Member::there)
                .map(m -> m.heard(m.incarnation(), m.doing(), m.step(), nowMs))
                .forEach(this::put);
    }

    /** Answers whoever asked for a seat and has none in the log. */
    List<Admitted> unanswered(long openStep, long nowMs) {
        return List.copyOf(asked.values()).stream()
                .filter(j -> Optional.ofNullable(answered.get(j.peer()))
                        .filter(a -> a.incarnation() >= j.incarnation())
                        .isEmpty())
                .filter(j -> find(j.peer())
                        .filter(m -> m.past().goodbye() >= j.incarnation())
                        .isEmpty())
                .map(j -> joining(j, openStep, nowMs))
                .toList();
    }

    /** Whether everybody there ever was has said goodbye. */
    boolean allLeft() {
        return !members.isEmpty() && members.values().stream().allMatch(m -> m.standing() == Standing.LEFT);
    }

    void heard(Heartbeat heartbeat, long nowMs) {
        find(heartbeat.peer())
                .filter(m -> heartbeat.incarnation() >= m.incarnation() && m.standing() != Standing.LEFT)
                .map(m -> awake(
                        m.heard(heartbeat.incarnation(), heartbeat.state(), heartbeat.step(), nowMs),
                        heartbeat.incarnation() > m.incarnation(),
                        nowMs))
                .ifPresent(this::put);
    }

    /** @param anew whether an earlier start of it, if any, was the last one heard of */
    private Member awake(Member member, boolean anew, long nowMs) {
        if (anew && member.standing() == Standing.LIVE && !member.observer()) {
            // Its heartbeat may come before it joins.
            return restarted(member, nowMs);
        }
        return switch (member.standing()) {
            case EXPECTED -> member.standing(Standing.LIVE, nowMs, "joined");
            case GONE -> member.back(nowMs, cooldown.reason(member, "heard again"));
            default -> member;
        };
    }

    /** Takes a peer in, or says why not; the answer is said in the log. */
    Admitted joining(Joining joining, long openStep, long nowMs) {
        asked.merge(joining.peer(), joining, (one, other) -> other.incarnation() >= one.incarnation() ? other : one);
        Optional<Member> known = find(joining.peer());
        Optional<Admitted> refused = Optional.ofNullable(answered.get(joining.peer()))
                .filter(a -> a.refused() && a.incarnation() >= joining.incarnation());
        boolean gone =
                known.map(m -> m.past().goodbye() >= joining.incarnation()).orElse(true);
        if (refused.isPresent() && gone) {
            // It asked again before it read that, and is gone by now.
            return refused.get();
        }
        Optional<Integer> slot = known.map(Member::slot)
                .or(() -> joining.observer() ? Optional.of(0) : seats.free(joining.featureWidth(), nowMs));
        Optional<String> refusal = refusal(joining, known, slot, nowMs);
        if (refusal.isPresent()) {
            return new Admitted(joining.peer(), joining.incarnation(), 0, openStep, refusal.get());
        }
        int seat = slot.orElseThrow();
        Member member = known.orElseGet(() -> Member.expected(joining.peer(), seat, joining.observer(), nowMs));
        give(member, nowMs);
        boolean again = member.past().joined() >= joining.incarnation() || member.incarnation() > joining.incarnation();
        if (!again) {
            put(joined(member, joining, nowMs));
            letGo(nowMs);
        }
        return new Admitted(joining.peer(), joining.incarnation(), seat, openStep, "");
    }

    /** Who had the slot before, and may live on somewhere, is counted no more. */
    private void give(Member member, long nowMs) {
        if (member.observer()) {
            return;
        }
        seats.give(member.slot(), member.peer())
                .flatMap(this::find)
                .map(m -> m.goodbye(m.incarnation(), nowMs, "its slot was given to " + member.peer()))
                .ifPresent(this::put);
    }

    /** The log shows who got which slot, whoever gave it: the first answer to a start counts. */
    void admitted(Admitted answer, long nowMs) {
        boolean first = Optional.ofNullable(answered.get(answer.peer()))
                .filter(a -> a.incarnation() >= answer.incarnation())
                .isEmpty();
        if (!first) {
            return;
        }
        answered.put(answer.peer(), answer);
        if (answer.refused()) {
            find(answer.peer())
                    .filter(m -> m.candidate() && m.incarnation() == answer.incarnation())
                    .map(m -> m.goodbye(answer.incarnation(), nowMs, "refused: " + answer.refusal()))
                    .ifPresent(this::put);
            return;
        }
        Optional<Joining> start = Optional.ofNullable(asked.get(answer.peer()))
                .filter(j -> j.incarnation() == answer.incarnation() && !j.observer());
        boolean same = find(answer.peer())
                .filter(m -> m.slot() == answer.slot() && seats.has(m))
                .isPresent();
        if (start.isPresent() && !same) {
            Member seated = Member.expected(answer.peer(), answer.slot(), false, nowMs);
            give(seated, nowMs);
            put(joined(seated, start.get(), nowMs));
            letGo(nowMs);
        }
    }

    private Member joined(Member member, Joining joining, long nowMs) {
        boolean anew = joining.incarnation() > member.incarnation();
        Member heard = member.heard(joining.incarnation(), PeerState.JOINING, joining.trainedSteps(), nowMs)
                .joinedAs(joining.incarnation());
        if (heard.observer()) {
            return heard.standing(Standing.LIVE, nowMs, "joined");
        }
        boolean named = setting.seats().contains(joining.peer());
        // Nobody knows what the weights of a stranger have learned, nor whether the past it tells of was in this run.
        boolean fresh = joining.trainedSteps() == 0
                || (member.incarnation() == 0 && member.past().joined() == 0);
        if (!named && fresh && !contributed(joining)) {
            return heard.candidate(nowMs, "new, with fresh weights");
        }
        if (named && member.past().joined() == 0) {
            return heard.standing() == Standing.EXPECTED ? heard.standing(Standing.LIVE, nowMs, "joined") : heard;
        }
        if (heard.standing() == Standing.SET_ASIDE) {
            return heard.rejections(0).back(nowMs, "back after it was set aside");
        }
        return anew ? restarted(heard, nowMs) : heard;
    }

    private Member restarted(Member member, long nowMs) {
        Member lost = member.lost(cooldown.steadyMs(), nowMs);
        return lost.back(nowMs, cooldown.reason(lost, "start " + lost.incarnation()));
    }

    /** Whether the log shows that this start, or a later one, was let in before. */
    private boolean contributed(Joining joining) {
        return contributions.getOrDefault(joining.peer(), 0L) >= joining.incarnation();
    }

    /** The latest start of each peer that an outcome names. */
    SortedMap<PeerId, Long> latestStarts() {
        return Collections.unmodifiableSortedMap(contributions);
    }

    /** What earlier outcomes named. */
    void contributed(SortedMap<PeerId, Long> latestStarts) {
        contributions.putAll(latestStarts);
    }

    /** The log shows who contributes, whoever let them in. */
    void contributed(Outcome outcome, long nowMs) {
        for (Outcome.Contributor contributor : outcome.contributors()) {
            contributions.merge(contributor.peer(), contributor.incarnation(), Math::max);
            find(contributor.peer())
                    .filter(m -> m.candidate()
                            && contributor.incarnation() >= m.past().candidateFrom())
                    .ifPresent(m -> put(m.admitted(nowMs, "admitted: it contributes to step " + outcome.step())));
        }
    }

    /** Lets a candidate contribute. */
    void admit(PeerId peer, String why, long nowMs) {
        find(peer).filter(Member::candidate).ifPresent(m -> put(m.admitted(nowMs, why)));
    }

    /** A contributor is neither averaged nor waited for until it is admitted again. */
    void exclude(PeerId peer, String why, long nowMs) {
        find(peer).ifPresent(m -> put(m.candidate(nowMs, "excluded: " + why)));
    }

    /** Gives another reason for what a member is. */
    void because(Member member, String why) {
        put(member.because(why));
    }

    /** Notes why a candidate is not admitted yet. */
    void notYet(PeerId peer, String why) {
        find(peer).filter(m -> m.standing() == Standing.CANDIDATE).ifPresent(m -> put(m.because(why)));
    }

    private Optional<String> refusal(Joining joining, Optional<Member> known, Optional<Integer> slot, long nowMs) {
        if (!joining.dataDigest().equals(setting.dataDigest())) {
            return Optional.of("other data: digest " + joining.dataDigest().shortHex() + ", the run has "
                    + setting.dataDigest().shortHex() + "; use the data set the experiment names");
        }
        if (known.isPresent()) {
            Member member = known.get();
            Optional<String> setAside = member.standing() == Standing.SET_ASIDE
                    ? setAsideRefusal(member, joining, nowMs)
                    : Optional.empty();
            return member.observer()
                    ? setAside
                    : setAside.or(() -> seatRefusal(member, nowMs)).or(() -> widthRefusal(joining, member.slot()));
        }
        if (joining.observer()) {
            return Optional.empty();
        }
        return slot.isEmpty()
                ? Optional.of("no seat: all " + setting.slots() + " slots are taken (elastic.max)")
                : widthRefusal(joining, slot.get());
    }

    /** A peer that was set aside may try again with another start, once it has had time to be mended. */
    private Optional<String> setAsideRefusal(Member member, Joining joining, long nowMs) {
        long restMs = member.sinceMs() + setting.elastic().cooldownMs() - nowMs;
        if (joining.incarnation() > member.past().joined() && restMs <= 0) {
            return Optional.empty();
        }
        return Optional.of("set aside: " + member.why() + "; mend it and let it join again, at the earliest "
                + setting.elastic().cooldownMs() + " ms after it was set aside (elastic.cooldown_ms)");
    }

    /** A peer gets back the slot it had, or none: what it trained with it was rendered for that slot. */
    private Optional<String> seatRefusal(Member known, long nowMs) {
        return seats.has(known) || seats.isFree(known.slot(), nowMs)
                ? Optional.empty()
                : Optional.of("no seat: slot " + known.slot() + ", which it had, was given to "
                        + seats.holder(known.slot()).map(PeerId::value).orElse("another") + "; join under another id");
    }

    private Optional<String> widthRefusal(Joining joining, int slot) {
        int width = setting.featureWidths().get(slot);
        return !featuresAreRead || joining.featureWidth() == width
                ? Optional.empty()
                : Optional.of("features of width " + joining.featureWidth() + ": slot " + slot + " takes " + width
                        + "; choose a model of that width");
    }

    void left(Left left, long nowMs) {
        find(left.peer())
                .filter(m -> left.incarnation() >= m.incarnation())
                .map(m -> m.goodbye(left.incarnation(), nowMs, left.reason()))
                .ifPresent(this::put);
        Optional.ofNullable(drained.get(left.peer()))
                .filter(c -> left.incarnation() >= named(c))
                .ifPresent(c -> drained.remove(left.peer()));
    }

    /** A peer is about to leave, and says for which steps it may be waited for. */
    void draining(Draining draining, long nowMs) {
        find(draining.peer())
                .filter(m -> draining.incarnation() >= m.incarnation() && m.standing() != Standing.LEFT)
                .map(m -> m.heard(draining.incarnation(), m.doing(), m.step(), nowMs))
                .map(m -> m.draining(draining.lastStep(), nowMs, draining.reason()))
                .ifPresent(this::put);
    }

    /** An operator lets a peer go. One that is there says goodbye itself; one that is lost cannot. */
    void drain(PeerId peer, Command command, long nowMs) {
        boolean goneSince =
                find(peer).filter(m -> m.past().goodbye() >= named(command)).isPresent();
        if (!goneSince) {
            drained.merge(peer, command, (one, other) -> named(one) >= named(other) ? one : other);
            letGo(nowMs);
        }
    }

    private static long named(Command drain) {
        return drain.incarnation().orElse(Long.MAX_VALUE);
    }

    private void letGo(long nowMs) {
        drained.forEach((peer, command) ->
                find(peer).map(m -> letGo(m, command.reason(), nowMs)).ifPresent(this::put));
    }

    private static Member letGo(Member member, String reason, long nowMs) {
        return switch (member.standing()) {
            // One that is waited for may answer once more, and says until when.
            case LIVE -> member.draining(Long.MAX_VALUE, nowMs, "drained: " + reason);
            case LAGGING, CANDIDATE -> member.draining(0, nowMs, "drained: " + reason);
            case GONE, EXPECTED -> member.standing(Standing.LEFT, nowMs, "drained while it was away");
            case DRAINING, SET_ASIDE, LEFT -> member;
        };
    }

    /** A good prediction for the open step: the peer is at the head. */
    void atHead(PeerId peer, long nowMs) {
        find(peer)
                .map(m -> m.rejections(0).heard(m.incarnation(), m.doing(), m.step(), nowMs))
                .map(m -> switch (m.standing()) {
                    case EXPECTED -> m.standing(Standing.LIVE, nowMs, "at the head");
                    case GONE -> m.back(nowMs, cooldown.reason(m, "heard again"));
                    case CANDIDATE -> tooFew() ? m.admitted(nowMs, admittedOfNeed()) : m;
                    case LIVE, LAGGING, DRAINING, SET_ASIDE, LEFT -> m;
                })
                .map(m -> m.standing() == Standing.LAGGING && cooldown.isOver(m, nowMs)
                        ? m.standing(Standing.LIVE, nowMs, "at the head")
                        : m)
                .ifPresent(this::put);
    }

    private String admittedOfNeed() {
        return "admitted: fewer than " + setting.contributorsMin() + " contributors were there (elastic.min)";
    }

    /**
     * Newcomers that have answered the open step are welcome once contributors are missing, also when those left afterwards: a
     * newcomer waits for the outcome of that step and will not answer it again. If the answer is rejected, the step is closed all
     * the same, and the next one shows more.
     *
     * @param answered whether a newcomer has
     */
    void admitOfNeed(Predicate<Member> answered, long nowMs) {
        if (tooFew()) {
            candidates().stream().filter(answered).forEach(m -> put(m.admitted(nowMs, admittedOfNeed())));
        }
    }

    /** A prediction of a peer was rejected; returns whether the peer is set aside for it. */
    boolean rejected(PeerId peer, String why, long nowMs) {
        Optional<Member> member = find(peer).map(m -> m.rejections(m.past().rejectedInRow() + 1));
        boolean setAside = member.filter(m -> m.past().rejectedInRow() >= REJECTED_IN_ROW_MAX)
                .isPresent();
        member.map(m -> setAside ? m.standing(Standing.SET_ASIDE, nowMs, why) : m)
                .ifPresent(this::put);
        return setAside;
    }

    /** Notes who has been silent for too long. */
    void expire(long nowMs) {
        for (Member member : all()) {
            if (member.there()
                    && nowMs - member.heard().lastMs() > setting.pace().goneAfterMs()) {
                put(member.lost(cooldown.steadyMs(), nowMs)
                        .standing(
                                Standing.GONE,
                                nowMs,
                                "no heartbeat for more than " + setting.pace().goneAfterMs()
                                        + " ms (pace.gone_after_ms)"));
            }
        }
        letGo(nowMs);
    }

    /** Peers of {@code missing} that had their time since {@code openedMs} are no longer waited for. */
    void late(List<Member> missing, long step, long openedMs, long nowMs) {
        for (Member member : missing) {
            if (nowMs < lateAtMs(member, openedMs)) {
                continue;
            }
            if (member.standing() == Standing.LIVE) {
                put(member.standing(Standing.LAGGING, nowMs, "late at step " + step));
            } else if (member.standing() == Standing.DRAINING) {
                put(member.draining(step - 1, nowMs, member.why()));
            }
        }
    }

    /** When the wait for somebody of {@code missing} may end. */
    long nextLateMs(List<Member> missing, long openedMs) {
        return missing.stream()
                .filter(m -> m.standing() == Standing.LIVE || m.standing() == Standing.DRAINING)
                .mapToLong(m -> lateAtMs(m, openedMs))
                .min()
                .orElse(Long.MAX_VALUE);
    }

    private long lateAtMs(Member member, long openedMs) {
        return Math.max(openedMs, member.heard().freeSinceMs())
                + (member.doing() == PeerState.EVALUATING
                        ? setting.pace().evaluationMs()
                        : setting.pace().deadlineMs());
    }

    /** When {@link #expire} may next find somebody. */
    long nextExpiryMs() {
        long next = Long.MAX_VALUE;
        for (Member member : new ArrayList<>(members.values())) {
            if (member.there()) {
                next = Math.min(next, member.heard().lastMs() + setting.pace().goneAfterMs() + 1);
            }
        }
        return next;
    }

    private void put(Member member) {
        members.put(member.peer(), member);
    }
}
