package dev.cohort.study.view;

import dev.cohort.protocol.Standing;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Writes the standing of each peer, since when and why, and the peers the open step waits for, as lines of text. */
public final class StandingTable {
    private static final Columns COLUMNS =
            Columns.apart(1).left(10).left(12).left(24).left(0);

    private StandingTable() {}

    /** @param nowMs by the clock of the log, Unix milliseconds */
    public static List<String> lines(RunView view, long nowMs) {
        List<String> lines = new ArrayList<>();
        lines.add(COLUMNS.row("peer", "standing", "since", "why"));
        view.peers().forEach(p -> lines.add(row(p, view.standings().of(p.id()), nowMs)));
        waiting(view, nowMs).ifPresent(lines::add);
        return lines;
    }

    private static String row(PeerView peer, Optional<Standings.Held> held, long nowMs) {
        String since = held.map(
                        h -> "step " + h.step() + ", " + Words.duration(Math.max(0, nowMs - h.sinceMs())) + " ago")
                .orElse(Words.NONE);
        return COLUMNS.row(
                peer.id().value(),
                standing(held),
                since,
                held.map(Standings.Held::why).orElse("no message yet"));
    }

    /** The standing in lower case; a peer without one is expected. */
    public static String standing(Optional<Standings.Held> held) {
        return Words.lower(held.map(Standings.Held::standing).orElse(Standing.EXPECTED));
    }

    private static Optional<String> waiting(RunView view, long nowMs) {
        if (view.openSinceMs().isEmpty() || view.ended()) {
            return Optional.empty();
        }
        List<String> awaited = view.awaited().stream()
                .map(p -> p.id() + " (" + p.state().map(Words::lower).orElse("no message yet") + ")")
                .toList();
        return Optional.of("Step " + (view.closedStep() + 1) + " is open for "
                + Words.duration(Math.max(0, nowMs - view.openSinceMs().getAsLong()))
                + " and waits for " + (awaited.isEmpty() ? "the coordinator" : String.join(", ", awaited)) + ".");
    }
}
