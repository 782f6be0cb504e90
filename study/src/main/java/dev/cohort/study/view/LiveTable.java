package dev.cohort.study.view;

import dev.cohort.protocol.Standing;
import dev.cohort.protocol.StepReport;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Collectors;

/**
 * Draws a run as a table for a terminal: a row per peer, a bold row for the ensemble, progress, and the peers the open step waits
 * for.
 */
public final class LiveTable {
    /** A step that is open for longer is reported. */
    private static final long LONG_WAIT_MS = 3000;

    private static final List<String> TITLES =
            List.of("peer", "model", "state", "step", "lag", "img/s", "wait", "CE", "KD", "train", "test");
    private static final Columns COLUMNS = Columns.cutting(1)
            .left(10)
            .left(14)
            .left(12)
            .right(7)
            .right(5)
            .right(7)
            .right(7)
            .right(7)
            .right(7)
            .right(8)
            .right(8);

    private LiveTable() {}

    /** The lines of the table, with progress and problems. */
    public static List<Styled> render(RunView view, long nowMs) {
        List<Styled> lines = new ArrayList<>(rows(view));
        lines.add(Styled.plain(""));
        lines.add(Styled.plain(bar(view, nowMs)));
        trouble(view, nowMs).map(Styled::plain).ifPresent(lines::add);
        return lines;
    }

    /** The table alone. */
    public static List<Styled> rows(RunView view) {
        List<Styled> lines = new ArrayList<>();
        lines.add(new Styled(Styled.Style.DIM, row(TITLES)));
        view.learners().forEach(p -> lines.add(Styled.plain(peerRow(p, view))));
        lines.add(new Styled(Styled.Style.BOLD, resultRow("ensemble", "all peers", view.ensembleAccuracy())));
        if (!view.teacherTests().isEmpty()) {
            lines.add(
                    Styled.plain(resultRow("teacher", view.experiment().method().name(), view.teacherAccuracy())));
        }
        view.peers().stream().filter(PeerView::control).forEach(p -> lines.add(Styled.plain(peerRow(p, view))));
        return lines;
    }

    private static String row(List<String> cells) {
        return COLUMNS.row(cells.stream().map(Printable::line).toList());
    }

    private static String peerRow(PeerView peer, RunView view) {
        boolean silent = peer.state().isEmpty();
        Optional<StepReport> report = peer.report();
        return row(List.of(
                peer.id().value(),
                peer.model(),
                stateOf(peer, view),
                silent ? Words.NONE : Long.toString(peer.step()),
                silent || peer.ended() ? Words.NONE : Long.toString(Math.max(0, view.closedStep() - peer.step())),
                peer.imagesPerSecond() > 0 ? Words.decimals(peer.imagesPerSecond(), 0) : Words.NONE,
                peer.imagesPerSecond() > 0 ? Words.percent(peer.waitShare()) : Words.NONE,
                report.map(r -> Words.decimals(r.crossEntropy(), 3)).orElse(Words.NONE),
                report.filter(r -> !peer.control())
                        .map(r -> Words.decimals(r.distillation(), 3))
                        .orElse(Words.NONE),
                report.map(r -> Words.percent(r.correct())).orElse(Words.NONE),
                Words.percent(peer.testAccuracy())));
    }

    /** The peer's standing if that is out of the ordinary, else the state it reports itself. */
    private static String stateOf(PeerView peer, RunView view) {
        if (peer.left().isPresent()) {
            return peer.left().get().divergence().isPresent()
                    ? "diverged"
                    : peer.left().get().reason();
        }
        Optional<Standing> standing = view.standings()
                .of(peer.id())
                .filter(h -> h.incarnation() == peer.incarnation())
                .map(Standings.Held::standing)
                .filter(s -> s != Standing.LIVE && s != Standing.EXPECTED && s != Standing.LEFT);
        if (standing.isPresent() && !peer.ended()) {
            return Words.lower(standing.get());
        }
        return peer.state().filter(s -> !peer.ended()).map(Words::lower).orElse(peer.ended() ? "given up" : "starting");
    }

    private static String resultRow(String name, String what, OptionalDouble accuracy) {
        String gap = "";
        return row(List.of(name, what, gap, gap, gap, gap, gap, gap, gap, gap, Words.percent(accuracy)));
    }

    private static String bar(RunView view, long nowMs) {
        Progress progress = Progress.of(view, nowMs);
        String left = progress.done() >= progress.planned()
                ? "finishing"
                : progress.leftMs().isPresent()
                        ? Words.duration(progress.leftMs().getAsLong()) + " left"
                        : "starting";
        return Progress.bar(progress.share()) + " " + String.format(Locale.ROOT, "%3.0f", 100 * progress.share())
                + " %  step " + progress.done() + " of " + progress.planned() + "  epoch " + (view.epoch() + 1) + "  "
                + left;
    }

    /** The peers the open step waits for, and the rejected predictions. */
    static Optional<String> trouble(RunView view, long nowMs) {
        List<String> found = new ArrayList<>();
        waiting(view, nowMs).ifPresent(found::add);
        if (view.rejected() > 0) {
            found.add(Words.count(view.rejected(), "prediction") + " rejected (" + view.digestMismatches()
                    + " with another batch digest)");
        }
        return found.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", found));
    }

    private static Optional<String> waiting(RunView view, long nowMs) {
        long open = view.closedStep() + 1;
        boolean waits = view.lastOutcomeMs().isPresent() && open <= view.head() && !view.ended();
        long sinceMs = waits ? nowMs - view.lastOutcomeMs().getAsLong() : 0;
        if (sinceMs < LONG_WAIT_MS) {
            return Optional.empty();
        }
        String names = view.awaited().stream().map(p -> p.id().value()).collect(Collectors.joining(", "));
        String awaited = names.isEmpty() ? "the coordinator" : names;
        return Optional.of("step " + open + " is open for " + Words.duration(sinceMs) + ", waits for " + awaited);
    }
}
