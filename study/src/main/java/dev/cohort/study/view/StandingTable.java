package dev.cohort.study.view;

import dev.cohort.protocol.Standing;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What the coordinator makes of each peer, since when and why, and for whom the open step waits, as lines of text. */
public final class StandingTable {
    private static final String ROW = "%-10s %-12s %-24s %s";

    private StandingTable() {}

    /** @param nowMs by the clock of the log, since 1970 */
    public static List<String> lines(RunView view, long nowMs) {
        List<String> lines = new ArrayList<>();
        lines.add(String.format(Locale.ROOT, ROW, "peer", "standing", "since", "why"));
        view.peers().forEach(p -> lines.add(row(p, view.standings().of(p.id()), nowMs)));
        waiting(view, nowMs).ifPresent(lines::add);
        return lines;
    }

    private static String row(PeerView peer, Optional<Standings.Held> held, long nowMs) {
        String since = held.map(
                        h -> "step " + h.step() + ", " + Words.duration(Math.max(0, nowMs - h.sinceMs())) + " ago")
                .orElse(Words.NONE);
        return String.format(
                        Locale.ROOT,
                        ROW,
                        peer.id(),
                        standing(held),
                        since,
                        held.map(Standings.Held::why).orElse("not heard of yet"))
                .stripTrailing();
    }

    /** The standing in lower case; who was not heard of yet is expected. */
    public static String standing(Optional<Standings.Held> held) {
        return word(held.map(Standings.Held::standing).orElse(Standing.EXPECTED));
    }

    private static String word(Enum<?> name) {
        return name.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    private static Optional<String> waiting(RunView view, long nowMs) {
        if (view.openSinceMs().isEmpty() || view.ended()) {
            return Optional.empty();
        }
        List<String> whom = view.awaited().stream()
                .map(p -> p.id() + " (" + p.state().map(StandingTable::word).orElse("not heard of yet") + ")")
                .toList();
        return Optional.of("Step " + (view.closedStep() + 1) + " is open for "
                + Words.duration(Math.max(0, nowMs - view.openSinceMs().getAsLong()))
                + " and waits for " + (whom.isEmpty() ? "the coordinator" : String.join(", ", whom)) + ".");
    }
}
