package dev.cohort.coordinator.members;

import dev.cohort.coordinator.follow.CoordinatorSetting;
import dev.cohort.protocol.Admitted;
import dev.cohort.protocol.Joining;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.PeerState;
import dev.cohort.protocol.Standing;
import dev.cohort.tensor.Ints;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Answers peers that request a seat. The answer is published, and the first answer to a start in the log counts, from any
 * coordinator.
 */
final class Seating {
    private final CoordinatorSetting setting;
    private final Members members;
    private final Seats seats;
    private final Cooldown cooldown;
    private final boolean featuresAreRead;
    /** The newest request of each peer. */
    private final SortedMap<PeerId, Joining> asked = new TreeMap<>();
    /** The first answer in the log to the newest start of each peer. */
    private final SortedMap<PeerId, Admitted> answered = new TreeMap<>();
    /** The latest start of each peer that an outcome names. */
    private final SortedMap<PeerId, Long> contributions = new TreeMap<>();

    /** @param featuresAreRead whether the teacher reads features, so that their width must fit the slot */
    Seating(CoordinatorSetting setting, Members members, Cooldown cooldown, boolean featuresAreRead) {
        this.setting = setting;
        this.members = members;
        this.cooldown = cooldown;
        this.featuresAreRead = featuresAreRead;
        seats = members.seats();
    }

    /** Answers for the peers that requested a seat and have no answer in the log. */
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

    /** Gives a peer a seat or refuses it; the answer is to be published. */
    Admitted joining(Joining joining, long openStep, long nowMs) {
        asked.merge(joining.peer(), joining, (one, other) -> other.incarnation() >= one.incarnation() ? other : one);
        Optional<Member> known = members.find(joining.peer());
        Optional<Admitted> refused = Optional.ofNullable(answered.get(joining.peer()))
                .filter(a -> a.refused() && a.incarnation() >= joining.incarnation());
        boolean gone =
                known.map(m -> m.past().goodbye() >= joining.incarnation()).orElse(true);
        if (refused.isPresent() && gone) {
            // The request was repeated before the peer read the refusal; it has left by now.
            return refused.get();
        }
        Optional<Integer> slot = known.map(Member::slot)
                .or(() -> joining.observer() ? Optional.of(0) : seats.free(free -> fits(joining, free), nowMs));
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

    /** Gives a slot to a member; the previous holder, which may still run, counts as left. */
    private void give(Member member, long nowMs) {
        if (member.observer()) {
            return;
        }
        seats.give(member.slot(), member.peer())
                .flatMap(members::find)
                .map(m -> m.goodbye(m.incarnation(), nowMs, "its slot was given to " + member.peer()))
                .ifPresent(members::put);
    }

    /** Applies an answer in the log, from any coordinator: the first answer to a start counts. */
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
        boolean restarted = joining.incarnation() > member.incarnation();
        Member joined = member.reported(joining.incarnation(), PeerState.JOINING, joining.trainedSteps(), nowMs)
                .joinedAs(joining.incarnation());
        if (joined.observer()) {
            return joined.standing(Standing.LIVE, nowMs, "joined");
        }
        boolean named = setting.seats().contains(joining.peer());
        // The training of a peer that the experiment does not name cannot be verified: it may have been in another run.
        boolean fresh = joining.trainedSteps() == 0
                || (member.incarnation() == 0 && member.past().joined() == 0);
        if (!named && fresh && !contributed(joining)) {
            return joined.candidate(nowMs, "new, with fresh weights");
        }
        if (named && member.past().joined() == 0) {
            return joined.standing() == Standing.EXPECTED ? joined.standing(Standing.LIVE, nowMs, "joined") : joined;
        }
        if (joined.standing() == Standing.SET_ASIDE) {
            return joined.rejections(0).back(nowMs, "back after it was set aside");
        }
        return restarted ? cooldown.restarted(joined, nowMs) : joined;
    }

    /** Whether an outcome named this start of the peer, or a later one. */
    private boolean contributed(Joining joining) {
        return contributions.getOrDefault(joining.peer(), 0L) >= joining.incarnation();
    }

    /** The latest start of each peer that an outcome names. */
    SortedMap<PeerId, Long> latestStarts() {
        return Collections.unmodifiableSortedMap(contributions);
    }

    /** Restores the latest starts that earlier outcomes named. */
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
                    : setAside.or(() -> seatRefusal(member, nowMs)).or(() -> shapeRefusal(joining, member.slot()));
        }
        if (joining.observer()) {
            return Optional.empty();
        }
        return slot.isEmpty()
                ? Optional.of("no seat: all " + setting.slots() + " slots are taken (elastic.max)")
                : shapeRefusal(joining, slot.get());
    }

    /** A peer that was set aside may join again with another start after the cooldown. */
    private Optional<String> setAsideRefusal(Member member, Joining joining, long nowMs) {
        long restMs = member.sinceMs() + setting.elastic().cooldownMs() - nowMs;
        if (joining.incarnation() > member.past().joined() && restMs <= 0) {
            return Optional.empty();
        }
        return Optional.of("set aside: " + member.why() + "; fix it and start it again, at the earliest "
                + setting.elastic().cooldownMs() + " ms after it was set aside (elastic.cooldown_ms)");
    }

    /** A peer returns to the slot it had or to none, because its images were rendered for that slot. */
    private Optional<String> seatRefusal(Member known, long nowMs) {
        return seats.has(known) || seats.isFree(known.slot(), nowMs)
                ? Optional.empty()
                : Optional.of("no seat: slot " + known.slot() + ", which it held, was given to "
                        + seats.holder(known.slot()).map(PeerId::value).orElse("another") + "; join under another id");
    }

    private boolean fits(Joining joining, int slot) {
        return setting.featureWidths().get(slot) == joining.featureWidth()
                && mapRefusal(joining, slot).isEmpty();
    }

    private Optional<String> mapRefusal(Joining joining, int slot) {
        for (String name : setting.maps().bySlot().keySet()) {
            Ints row = setting.maps().row(name, slot);
            Optional<Ints> own = Optional.ofNullable(joining.maps().get(name));
            if (!own.equals(Optional.of(row))) {
                return Optional.of(own.map(shape -> "feature map " + name + " of shape " + shape)
                                .orElse("no feature map " + name)
                        + ": slot " + slot + " takes " + row + "; choose a model with such a map");
            }
        }
        return Optional.empty();
    }

    private Optional<String> shapeRefusal(Joining joining, int slot) {
        return widthRefusal(joining, slot).or(() -> mapRefusal(joining, slot));
    }

    private Optional<String> widthRefusal(Joining joining, int slot) {
        int width = setting.featureWidths().get(slot);
        return !featuresAreRead || joining.featureWidth() == width
                ? Optional.empty()
                : Optional.of("features of width " + joining.featureWidth() + ": slot " + slot + " takes " + width
                        + "; choose a model of that width");
    }

    /** Admits the contributors of an outcome, which any coordinator may have admitted. */
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
