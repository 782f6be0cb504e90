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

/** The current members of a run, and queries over their standings. */
public final class Members {
    private final CoordinatorSetting setting;
    private final SortedMap<PeerId, Member> members = new TreeMap<>();
    private final Seats seats;

    /** Expects the peers that the experiment names. */
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

    /** Whether a peer may contribute: it still has its slot and its standing allows it. */
    public boolean mayContribute(Member member) {
        return member.mayContribute() && seats.has(member);
    }

    /** Whether its slot was not given to another peer. */
    public boolean hasSeat(Member member) {
        return seats.has(member);
    }

    /** Contributors that the open step {@code step} waits for. */
    public List<Member> awaited(long step) {
        return members.values().stream()
                .filter(m -> !m.observer())
                .filter(m -> m.standing() == Standing.EXPECTED
                        || m.standing() == Standing.LIVE
                        || (m.standing() == Standing.DRAINING && m.answers(step))
                        || (m.past().missed() && setting.holdsLost()))
                .toList();
    }

    /** Number of contributors that may publish a prediction for {@code step}, late ones included. */
    public long present(long step) {
        return members.values().stream()
                .filter(m -> !m.observer() && m.answers(step))
                .count();
    }

    /** Contributors that the experiment names and that have not joined yet. */
    public List<PeerId> absent() {
        return members.values().stream()
                .filter(m -> !m.observer() && m.standing() == Standing.EXPECTED)
                .map(Member::peer)
                .toList();
    }

    /** Number of contributors that have a seat and have not left; a single process would have them all. */
    public long seated() {
        return members.values().stream()
                .filter(m -> !m.observer() && !m.candidate() && m.standing() != Standing.LEFT)
                .count();
    }

    /** Newcomers that are present and may not contribute yet. */
    public List<Member> candidates() {
        return members.values().stream().filter(m -> m.candidate() && m.there()).toList();
    }

    /** Whether fewer than {@code elastic.min} contributors are present or expected. */
    public boolean tooFew() {
        return members.values().stream()
                        .filter(m -> mayContribute(m) && (m.there() || m.standing() == Standing.EXPECTED))
                        .count()
                < setting.contributorsMin();
    }

    /** Number of contributors and newcomers that are present, may join or return, or have finished training. */
    public long mayComeToContribute() {
        return members.values().stream()
                .filter(m -> !m.observer() && m.standing() != Standing.SET_ASIDE)
                .filter(m -> m.standing() != Standing.LEFT || m.why().equals(Left.FINISHED))
                .count();
    }

    /** Contributors that publish no prediction for {@code step}, with reasons, for operators. */
    public String absentees(long step) {
        return members.values().stream()
                .filter(m -> !m.observer() && !m.answers(step))
                .map(m -> m.peer() + " " + m.standing().name().toLowerCase(Locale.ROOT) + " (" + m.why() + ")")
                .collect(Collectors.joining(", "));
    }

    /** Whether any member is present. */
    public boolean anyPresent() {
        return members.values().stream().anyMatch(Member::there);
    }

    /** Whether any peer that the experiment names has never joined. */
    public boolean anyExpected() {
        return members.values().stream().anyMatch(m -> m.standing() == Standing.EXPECTED);
    }

    /** Whether all members have left. */
    public boolean allLeft() {
        return !members.isEmpty() && members.values().stream().allMatch(m -> m.standing() == Standing.LEFT);
    }
}
