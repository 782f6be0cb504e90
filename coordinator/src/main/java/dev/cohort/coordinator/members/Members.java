package dev.cohort.coordinator.members;

import dev.cohort.coordinator.follow.CoordinatorSetting;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Standing;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The members of a run as they are now, and what follows from their standings. */
public final class Members {
    private final CoordinatorSetting setting;
    private final SortedMap<PeerId, Member> members = new TreeMap<>();
    private final Seats seats;

    /** Those whom the experiment names are expected. */
    public Members(CoordinatorSetting setting) {
        this.setting = setting;
        seats = new Seats(setting, this::find);
        for (int slot = 0; slot < setting.seats().size(); slot++) {
            put(Member.expected(setting.seats().get(slot), slot, false, 0));
        }
        setting.observers().stream().sorted().forEach(peer -> put(Member.expected(peer, 0, true, 0)));
    }

    public void put(Member member) {
        members.put(member.peer(), member);
    }

    public Seats seats() {
        return seats;
    }

    public Optional<Member> find(PeerId peer) {
        return Optional.ofNullable(members.get(peer));
    }

    public List<Member> all() {
        return List.copyOf(members.values());
    }

    /** Whether a peer may be averaged: it has its slot still and has nothing against it. */
    public boolean mayContribute(Member member) {
        return member.mayContribute() && seats.has(member);
    }

    /** Whether nobody else was given its slot. */
    public boolean hasSeat(Member member) {
        return seats.has(member);
    }

    /** Contributors for whom {@code step}, which is open, waits. */
    public List<Member> awaited(long step) {
        return members.values().stream()
                .filter(m -> !m.observer())
                .filter(m -> m.standing() == Standing.EXPECTED
                        || m.standing() == Standing.LIVE
                        || (m.standing() == Standing.DRAINING && m.answers(step))
                        || (m.past().missed() && setting.holdsLost()))
                .toList();
    }

    /** Contributors that may answer {@code step}, late ones included. */
    public long present(long step) {
        return members.values().stream()
                .filter(m -> !m.observer() && m.answers(step))
                .count();
    }

    /** Contributors the experiment names that were not heard of yet. */
    public List<PeerId> absent() {
        return members.values().stream()
                .filter(m -> !m.observer() && m.standing() == Standing.EXPECTED)
                .map(Member::peer)
                .toList();
    }

    /** Contributors that have a seat and did not say goodbye: the single process would have them all. */
    public long seated() {
        return members.values().stream()
                .filter(m -> !m.observer() && !m.candidate() && m.standing() != Standing.LEFT)
                .count();
    }

    /** Newcomers that are there and may not contribute yet. */
    public List<Member> candidates() {
        return members.values().stream().filter(m -> m.candidate() && m.there()).toList();
    }

    /** Whether fewer than {@code elastic.min} contributors are there or expected, so that anybody is welcome. */
    public boolean tooFew() {
        return members.values().stream()
                        .filter(m -> mayContribute(m) && (m.there() || m.standing() == Standing.EXPECTED))
                        .count()
                < setting.contributorsMin();
    }

    /** Contributors and newcomers that are there, may come (back), or have trained to the end. */
    public long mayComeToContribute() {
        return members.values().stream()
                .filter(m -> !m.observer() && m.standing() != Standing.SET_ASIDE)
                .filter(m -> m.standing() != Standing.LEFT || m.why().equals(Left.FINISHED))
                .count();
    }

    /** Who does not answer {@code step}, and why; for people. */
    public String whoIsNotThere(long step) {
        return members.values().stream()
                .filter(m -> !m.observer() && !m.answers(step))
                .map(m -> m.peer() + " " + m.standing().name().toLowerCase(Locale.ROOT) + " (" + m.why() + ")")
                .collect(Collectors.joining(", "));
    }

    /** Whether anybody is there. */
    public boolean anybodyThere() {
        return members.values().stream().anyMatch(Member::there);
    }

    /** Whether anybody the experiment names has never come. */
    public boolean anybodyExpected() {
        return members.values().stream().anyMatch(m -> m.standing() == Standing.EXPECTED);
    }

    /** Whether everybody there ever was has said goodbye. */
    public boolean allLeft() {
        return !members.isEmpty() && members.values().stream().allMatch(m -> m.standing() == Standing.LEFT);
    }
}
