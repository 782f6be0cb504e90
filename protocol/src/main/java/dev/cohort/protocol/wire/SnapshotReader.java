package dev.cohort.protocol.wire;

import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Positions;
import dev.cohort.protocol.Snapshot;
import dev.cohort.protocol.wire.proto.Wire;
import java.util.SortedMap;
import java.util.TreeMap;

/** Decodes snapshots. */
final class SnapshotReader {
    private final Checks checks;

    SnapshotReader(Checks checks) {
        this.checks = checks;
    }

    Snapshot snapshot(Wire.Snapshot s) {
        return new Snapshot(
                s.getStep(),
                checks.tensors(s.getStateList()),
                checks.digest(s.getHash(), "hash of the state"),
                lastVotes(s),
                latestStarts(s),
                s.getSkipped(),
                Positions.parse(s.getPositions()));
    }

    private SortedMap<Integer, PeerId> lastVotes(Wire.Snapshot s) {
        SortedMap<Integer, PeerId> votes = new TreeMap<>();
        s.getLastVotesList().forEach(v -> votes.put(v.getSlot(), checks.peer(v.getPeer())));
        return votes;
    }

    private SortedMap<PeerId, Long> latestStarts(Wire.Snapshot s) {
        SortedMap<PeerId, Long> starts = new TreeMap<>();
        s.getLatestStartsList().forEach(p -> starts.put(checks.peer(p.getPeer()), p.getIncarnation()));
        return starts;
    }
}
