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
 * The last contributor of each slot, over the outcomes of a run in step order. What a trained teacher has learned about a slot is
 * about that peer, so it is reset when another peer contributes from the slot.
 */
public final class SlotHistory {
    private final SortedMap<Integer, PeerId> last = new TreeMap<>();

    /**
     * Slots whose last contributor was another peer, ascending.
     *
     * @param now contributors of the next outcome, by slot
     */
    public Ints renewed(SortedMap<Integer, PeerId> now) {
        return Ints.of(now.entrySet().stream()
                .filter(entry -> Optional.ofNullable(last.get(entry.getKey()))
                        .filter(before -> !before.equals(entry.getValue()))
                        .isPresent())
                .mapToInt(Map.Entry::getKey)
                .toArray());
    }

    /** The last contributor of each slot. */
    SortedMap<Integer, PeerId> lastContributors() {
        return Collections.unmodifiableSortedMap(last);
    }

    /** Adds the contributors of the next outcome with targets, by slot. */
    public void add(SortedMap<Integer, PeerId> now) {
        last.putAll(now);
    }

    /** Contributors of an outcome, by slot. */
    public static SortedMap<Integer, PeerId> contributors(List<Outcome.Contributor> contributors) {
        SortedMap<Integer, PeerId> bySlot = new TreeMap<>();
        contributors.forEach(c -> bySlot.put(c.slot(), c.peer()));
        return bySlot;
    }
}
