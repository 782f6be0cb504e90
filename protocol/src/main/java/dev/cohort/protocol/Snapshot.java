package dev.cohort.protocol;

import dev.cohort.tensor.Digest;
import dev.cohort.tensor.NamedTensors;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a coordinator needs of a run up to {@code step}, so that another one can go on from there: the trained teacher, used only
 * if its hash equals the log's, and of the outcomes so far what is not about the teacher.
 *
 * @param step last step applied
 * @param state parameters, momentum and statistics by name
 * @param hash digest of the state, as the next outcome names it
 * @param lastVotes whose vote was the last one from each slot
 * @param latestStarts the latest start of each peer that an outcome names
 * @param skipped outcomes without targets, at most {@code step}
 * @param positions where the log goes on; what is not named is read from its beginning
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

    /** Of a run in which nobody has voted yet. */
    public Snapshot(long step, NamedTensors state, Digest hash) {
        this(step, state, hash, new TreeMap<>(), new TreeMap<>(), 0, Positions.NONE);
    }

    /** The same with where the log goes on. */
    public Snapshot at(Positions goesOn) {
        return new Snapshot(step, state, hash, lastVotes, latestStarts, skipped, goesOn);
    }
}
