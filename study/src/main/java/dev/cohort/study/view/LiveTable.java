package dev.cohort.study.view;

import dev.cohort.protocol.Standing;
import dev.cohort.protocol.StepReport;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Collectors;

/** A run as a table for a terminal: a row per peer, a bold row for the ensemble, progress, and who is waited for. */
public final class LiveTable {
    private static final int BAR_WIDTH = 24;
    /** A step open for longer than this is worth a word. */
    private static final long LONG_WAIT_MS = 3000;

    private static final List<Column> COLUMNS = List.of(
            new Column("peer", 10, false),
            new Column("model", 14, false),
            new Column("state", 12, false),
            new Column("step", 7, true),
            new Column("lag", 5, true),
            new Column("img/s", 7, true),
            new Column("wait", 7, true),
            new Column("CE", 7, true),
            new Column("KD", 7, true),
            new Column("train", 8, true),
            new Column("test", 8, true));

    private LiveTable() {}

    private record Column(String title, int width, boolean right) {
        String cell(String text) {
            String line = Printable.line(text);
            String cut = line.length() > width ? line.substring(0, width - 1) + "…" : line;
            String pad = " ".repeat(width - cut.length());
            return right ? pad + cut : cut + pad;
        }
    }

    /** The lines of the table, with progress and troubles, without line ends. */
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
        lines.add(new Styled(
                Styled.Style.DIM, row(COLUMNS.stream().map(Column::title).toList())));
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
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < COLUMNS.size(); i++) {
            line.append(i == 0 ? "" : " ").append(COLUMNS.get(i).cell(cells.get(i)));
        }
        return line.toString().stripTrailing();
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

    /** What the coordinator makes of it if that is worth a word, else what it says itself. */
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
            return word(standing.get());
        }
        return peer.state()
                .filter(s -> !peer.ended())
                .map(LiveTable::word)
                .orElse(peer.ended() ? "given up" : "starting");
    }

    private static String word(Enum<?> state) {
        return state.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    private static String resultRow(String name, String what, OptionalDouble accuracy) {
        String gap = "";
        return row(List.of(name, what, gap, gap, gap, gap, gap, gap, gap, gap, Words.percent(accuracy)));
    }

    private static String bar(RunView view, long nowMs) {
        Progress progress = Progress.of(view, nowMs);
        int filled = (int) Math.round(BAR_WIDTH * progress.share());
        String left = progress.done() >= progress.planned()
                ? "finishing"
                : progress.leftMs().isPresent()
                        ? Words.duration(progress.leftMs().getAsLong()) + " left"
                        : "starting";
        return "[" + "#".repeat(filled) + "-".repeat(BAR_WIDTH - filled) + "] "
                + String.format(Locale.ROOT, "%3.0f", 100 * progress.share()) + " %  step " + progress.done() + " of "
                + progress.planned() + "  epoch " + (view.epoch() + 1) + "  " + left;
    }

    /** Who keeps the others waiting, and what was rejected. */
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
        String whom = names.isEmpty() ? "the coordinator" : names;
        return Optional.of("step " + open + " is open for " + Words.duration(sinceMs) + ", waits for " + whom);
    }
}
