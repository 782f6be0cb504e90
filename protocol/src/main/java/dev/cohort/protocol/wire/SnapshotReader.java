package dev.cohort.protocol.wire;

import dev.cohort.protocol.Limits;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Positions;
import dev.cohort.protocol.Snapshot;
import dev.cohort.protocol.wire.proto.Wire;
import java.util.SortedMap;
import java.util.TreeMap;

/** Snapshots from the wire. */
final class SnapshotReader {
    private final Checks checks;
    private final Limits limits;

    SnapshotReader(Checks checks) {
        this.checks = checks;
        limits = checks.limits();
    }

    Snapshot snapshot(Wire.Snapshot s) {
        long step = checks.atLeast(0, s.getStep(), "step");
        return new Snapshot(
                step,
                checks.tensors(s.getStateList()),
                checks.digest(s.getHash(), "hash of the state"),
                lastVotes(s),
                latestStarts(s),
                skipped(step, s.getSkipped()),
                positions(checks.text(s.getPositions(), limits.textCharsMax(), "positions")));
    }

    private long skipped(long step, long skipped) {
        if (skipped > step) {
            throw new Refusal(Reason.BAD_VALUE, "skipped " + skipped + ": must be at most the step, " + step);
        }
        return checks.atLeast(0, skipped, "skipped");
    }

    private SortedMap<Integer, PeerId> lastVotes(Wire.Snapshot s) {
        SortedMap<Integer, PeerId> votes = new TreeMap<>();
        checks.list(s.getLastVotesCount(), limits.slotsMax(), i -> s.getLastVotes(i), "last votes")
                .forEach(v -> votes.put(
                        checks.atMost(limits.slotsMax() - 1, checks.atLeast(0, v.getSlot(), "slot"), "slot"),
                        checks.peer(v.getPeer())));
        return votes;
    }

    private SortedMap<PeerId, Long> latestStarts(Wire.Snapshot s) {
        SortedMap<PeerId, Long> starts = new TreeMap<>();
        s.getLatestStartsList()
                .forEach(p ->
                        starts.put(checks.peer(p.getPeer()), checks.atLeast(1, p.getIncarnation(), "incarnation")));
        return starts;
    }

    private static Positions positions(String text) {
        try {
            return Positions.parse(text);
        } catch (IllegalArgumentException e) {
            throw new Refusal(Reason.BAD_VALUE, String.valueOf(e.getMessage()));
        }
    }
}
