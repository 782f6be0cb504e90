package dev.cohort.coordinator.follow;

import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.tensor.Ints;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Whose vote was the last one from each slot, over the outcomes of a run in their order. What a trained teacher knows of a slot
 * is about that peer: when another one votes from it, it begins anew.
 */
public final class SlotHistory {
    private final SortedMap<Integer, PeerId> voters = new TreeMap<>();

    /**
     * Slots from which another peer voted last, ascending.
     *
     * @param now who votes, by slot
     */
    public Ints renewed(SortedMap<Integer, PeerId> now) {
        return Ints.of(now.entrySet().stream()
                .filter(vote -> Optional.ofNullable(voters.get(vote.getKey()))
                        .filter(before -> !before.equals(vote.getValue()))
                        .isPresent())
                .mapToInt(Map.Entry::getKey)
                .toArray());
    }

    /** Whose vote was the last one from each slot. */
    SortedMap<Integer, PeerId> lastVotes() {
        return Collections.unmodifiableSortedMap(voters);
    }

    /** Takes in the next outcome with targets. */
    public void voted(SortedMap<Integer, PeerId> now) {
        voters.putAll(now);
    }

    /** Whose predictions an outcome is made from, by slot. */
    public static SortedMap<Integer, PeerId> voters(List<Outcome.Contributor> contributors) {
        SortedMap<Integer, PeerId> bySlot = new TreeMap<>();
        contributors.forEach(c -> bySlot.put(c.slot(), c.peer()));
        return bySlot;
    }
}
