package dev.cohort.coordinator.members;

import dev.cohort.coordinator.follow.CoordinatorSetting;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Standing;
import java.util.Comparator;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * The holder of each slot. A peer keeps its slot over all its starts. The slot may be given to another peer once its holder has
 * left, or has been gone for as long as a peer may take to start ({@code pace.start_ms}).
 */
final class Seats {
    private final CoordinatorSetting setting;
    private final Function<PeerId, Optional<Member>> members;
    private final SortedMap<Integer, PeerId> holders = new TreeMap<>();

    /** @param members finds a member */
    Seats(CoordinatorSetting setting, Function<PeerId, Optional<Member>> members) {
        this.setting = setting;
        this.members = members;
        for (int slot = 0; slot < setting.seats().size(); slot++) {
            holders.put(slot, setting.seats().get(slot));
        }
    }

    /** The peer that has a slot now. */
    Optional<PeerId> holder(int slot) {
        return Optional.ofNullable(holders.get(slot));
    }

    /** Whether a member still holds its slot; an observer needs none. */
    boolean has(Member member) {
        return member.observer()
                || holder(member.slot()).filter(member.peer()::equals).isPresent();
    }

    /** Gives a slot to a peer; returns the previous holder if it was another peer. */
    Optional<PeerId> give(int slot, PeerId peer) {
        return Optional.ofNullable(holders.put(slot, peer)).filter(before -> !before.equals(peer));
    }

    /**
     * A slot for a newcomer: preferably one for which its outputs have the right shape, then one never held, then one whose
     * holder left.
     */
    Optional<Integer> free(IntPredicate fits, long nowMs) {
        return IntStream.range(0, setting.slots())
                .boxed()
                .filter(slot -> isFree(slot, nowMs))
                .min(Comparator.comparing((Integer slot) -> !fits.test(slot))
                        .thenComparing(this::wasHeld)
                        .thenComparing(this::mayReturn)
                        .thenComparing(Comparator.naturalOrder()));
    }

    /** Whether a slot has no holder, or a holder that does not return to it. */
    boolean isFree(int slot, long nowMs) {
        return holder(slot).flatMap(members).map(m -> isFree(m, nowMs)).orElse(true);
    }

    private boolean isFree(Member holder, long nowMs) {
        boolean held = holder.past().missed() && setting.holdsLost();
        return switch (holder.standing()) {
            case LEFT -> true;
            case GONE -> !held && nowMs - holder.sinceMs() >= setting.pace().startMs();
            case EXPECTED, CANDIDATE, LIVE, LAGGING, DRAINING, SET_ASIDE -> false;
        };
    }

    private boolean wasHeld(int slot) {
        return holders.containsKey(slot);
    }

    private boolean mayReturn(int slot) {
        return holder(slot)
                .flatMap(members)
                .filter(m -> m.standing() == Standing.GONE)
                .isPresent();
    }
}
