package dev.cohort.protocol;

import dev.cohort.tensor.Digest;
import dev.cohort.tensor.NamedTensors;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A coordinator's state after {@code step}, from which another coordinator can continue: the trained teacher, used only if its
 * hash equals the one in the log, and what else the outcomes so far determine.
 *
 * @param step last step applied
 * @param state parameters, momentum and statistics by name
 * @param hash digest of the state; the next outcome names it
 * @param lastVotes for each slot, the peer that voted from it last
 * @param latestStarts for each peer, the latest incarnation that an outcome names
 * @param skipped number of outcomes without targets, at most {@code step}
 * @param positions where in the log to continue
 */
public record Snapshot(
        long step,
        NamedTensors state,
        Digest hash,
        SortedMap<Integer, PeerId> lastVotes,
        SortedMap<PeerId, Long> latestStarts,
        long skipped,
        Positions positions)
        implements Message {
    public Snapshot {
        lastVotes = Collections.unmodifiableSortedMap(new TreeMap<>(lastVotes));
        latestStarts = Collections.unmodifiableSortedMap(new TreeMap<>(latestStarts));
        Sayable.atLeast(0, step, "step");
        Sayable.tensors(state);
        lastVotes.keySet().forEach(slot -> Sayable.slot(slot, "slot"));
        latestStarts.values().forEach(incarnation -> Sayable.atLeast(1, incarnation, "incarnation"));
        Sayable.text(positions.text(), Limits.DEFAULT.textCharsMax(), "positions");
        Sayable.atLeast(0, skipped, "skipped");
        if (skipped > step) {
            throw new Unsayable(Unsayable.Kind.BAD_VALUE, "skipped " + skipped + ": must be at most the step, " + step);
        }
    }

    /** For a run without votes so far. */
    public Snapshot(long step, NamedTensors state, Digest hash) {
        this(step, state, hash, new TreeMap<>(), new TreeMap<>(), 0, Positions.NONE);
    }

    /** This snapshot with other positions. */
    public Snapshot at(Positions other) {
        return new Snapshot(step, state, hash, lastVotes, latestStarts, skipped, other);
    }
}
