package dev.cohort.coordinator.members;

import dev.cohort.coordinator.follow.CoordinatorSetting;
import dev.cohort.protocol.Admitted;
import dev.cohort.protocol.Joining;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.PeerState;
import dev.cohort.protocol.Standing;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Answers peers that ask for a seat. The answer is published, and the first answer to a start that the log holds counts, whoever
 * gave it.
 */
final class Seating {
    private final CoordinatorSetting setting;
    private final Members members;
    private final Seats seats;
    private final Cooldown cooldown;
    private final boolean featuresAreRead;
    /** The newest request of each peer. */
    private final SortedMap<PeerId, Joining> asked = new TreeMap<>();
    /** What the log answers the newest start of each peer; the first answer counts. */
    private final SortedMap<PeerId, Admitted> answered = new TreeMap<>();
    /** The latest start of each peer that an outcome names. */
    private final SortedMap<PeerId, Long> contributions = new TreeMap<>();

    /** @param featuresAreRead whether the teacher reads them, so that their width matters */
    Seating(CoordinatorSetting setting, Members members, Cooldown cooldown, boolean featuresAreRead) {
        this.setting = setting;
        this.members = members;
        this.cooldown = cooldown;
        this.featuresAreRead = featuresAreRead;
        seats = members.seats();
    }

    /** Answers whoever asked for a seat and has none in the log. */
    List<Admitted> unanswered(long openStep, long nowMs) {
        return List.copyOf(asked.values()).stream()
                .filter(j -> Optional.ofNullable(answered.get(j.peer()))
                        .filter(a -> a.incarnation() >= j.incarnation())
                        .isEmpty())
                .filter(j -> members.find(j.peer())
                        .filter(m -> m.past().goodbye() >= j.incarnation())
                        .isEmpty())
                .map(j -> joining(j, openStep, nowMs))
                .toList();
    }

    /** Takes a peer in, or says why not; the answer is said in the log. */
    Admitted joining(Joining joining, long openStep, long nowMs) {
        asked.merge(joining.peer(), joining, (one, other) -> other.incarnation() >= one.incarnation() ? other : one);
        Optional<Member> known = members.find(joining.peer());
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
            members.put(joined(member, joining, nowMs));
        }
        return new Admitted(joining.peer(), joining.incarnation(), seat, openStep, "");
    }

    /** Who had the slot before, and may live on somewhere, is counted no more. */
    private void give(Member member, long nowMs) {
        if (member.observer()) {
            return;
        }
        seats.give(member.slot(), member.peer())
                .flatMap(members::find)
                .map(m -> m.goodbye(m.incarnation(), nowMs, "its slot was given to " + member.peer()))
                .ifPresent(members::put);
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
            members.find(answer.peer())
                    .filter(m -> m.candidate() && m.incarnation() == answer.incarnation())
                    .map(m -> m.goodbye(answer.incarnation(), nowMs, "refused: " + answer.refusal()))
                    .ifPresent(members::put);
            return;
        }
        Optional<Joining> start = Optional.ofNullable(asked.get(answer.peer()))
                .filter(j -> j.incarnation() == answer.incarnation() && !j.observer());
        boolean same = members.find(answer.peer())
                .filter(m -> m.slot() == answer.slot() && seats.has(m))
                .isPresent();
        if (start.isPresent() && !same) {
            Member seated = Member.expected(answer.peer(), answer.slot(), false, nowMs);
            give(seated, nowMs);
            members.put(joined(seated, start.get(), nowMs));
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
        return anew ? cooldown.restarted(heard, nowMs) : heard;
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

    /** The log shows who contributes, whoever let them in. */
    void contributed(Outcome outcome, long nowMs) {
        for (Outcome.Contributor contributor : outcome.contributors()) {
            contributions.merge(contributor.peer(), contributor.incarnation(), Math::max);
            members.find(contributor.peer())
                    .filter(m -> m.candidate()
                            && contributor.incarnation() >= m.past().candidateFrom())
                    .ifPresent(
                            m -> members.put(m.admitted(nowMs, "admitted: it contributes to step " + outcome.step())));
        }
    }
}
