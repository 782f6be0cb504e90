package dev.cohort.study.report;

import dev.cohort.study.Dynamics;
import dev.cohort.study.DynamicsHistory;
import dev.cohort.study.SampleHistory;
import dev.cohort.study.StepWindow;
import dev.cohort.study.TeachingHistory;
import dev.cohort.study.view.Columns;
import dev.cohort.study.view.Words;
import java.io.PrintStream;
import java.util.Locale;

/** Prints the dynamics of an ensemble as text. */
public final class DynamicsTable {
    private static final Columns DYNAMICS = Columns.apart(2)
            .right(7)
            .right(9)
            .right(9)
            .right(7)
            .right(8)
            .right(8)
            .right(7)
            .right(9)
            .right(8)
            .left(0);
    private static final Columns PACES =
            Columns.apart(2).left(10).right(7).right(14).right(13).right(17).right(10);

    private DynamicsTable() {}

    public static void print(StudiedRun studied, PrintStream out) {
        out.println("Run " + studied.opened().log().runId()
                + ", on the test images; tests without recorded logits are left out.");
        out.println(DYNAMICS.row(
                "step",
                "peers",
                "ensemble",
                "gain",
                "oracle",
                "disagree",
                "KL",
                "variance",
                "ECE",
                "worth of each peer (points of the ensemble's accuracy)"));
        studied.tests().points().forEach(p -> out.println(line(p)));
        teaching(studied.teaching(), out);
        samples("test images", studied.tests().samples(), out);
        samples("training images", studied.teaching().training(), out);
    }

    private static String line(DynamicsHistory.Point point) {
        Dynamics d = point.dynamics();
        StringBuilder worth = new StringBuilder();
        for (int i = 0; i < d.leaveOneOut().size(); i++) {
            worth.append(String.format(
                    Locale.ROOT,
                    "%s %+.1f  ",
                    d.peers().get(i),
                    100 * d.leaveOneOut().get(i)));
        }
        return DYNAMICS.row(
                Long.toString(point.step()),
                Words.percent(d.meanAccuracy()),
                Words.percent(d.byProbability().accuracy()),
                String.format(Locale.ROOT, "%+.1f", 100 * d.gain()),
                Words.percent(d.oracle()),
                Words.percent(d.meanDisagreement()),
                Words.decimals(d.meanDivergence(), 3),
                Words.decimals(d.variance(), 4),
                Words.decimals(d.byProbability().calibrationError(), 3),
                worth.toString());
    }

    private static void teaching(TeachingHistory.Account teaching, PrintStream out) {
        StepWindow whole = teaching.whole();
        out.println();
        out.println("Teachers of each student, mean over " + Words.count(whole.taught(), "step") + " with targets"
                + (teaching.weighed() ? ":" : " (the method does not weigh its teachers: all count alike):"));
        if (teaching.unknown() > 0) {
            out.println("  unknown for " + Words.count(teaching.unknown(), "step") + ": parts of the log are missing");
        }
        whole.skipped()
                .forEach((reason, count) ->
                        out.println("  " + Words.count(count, "step") + " without targets: " + reason.name()));
        whole.shares().forEach((student, row) -> {
            StringBuilder line = new StringBuilder("  " + student + " learns from");
            row.forEach((teacher, share) ->
                    line.append("  ").append(teacher).append(' ').append(Words.percent(share)));
            out.println(line);
        });
        out.println();
        out.println(PACES.row("peer", "steps", "staleness mean", "staleness max", "lag mean / max ms", "came last"));
        whole.paces()
                .forEach((peer, pace) -> out.println(PACES.row(
                        peer,
                        Long.toString(pace.steps()),
                        Words.decimals(pace.stalenessMean(), 2),
                        Long.toString(pace.stalenessMax()),
                        Words.decimals(pace.lagMeanMs(), 0) + " / " + pace.lagMaxMs(),
                        Long.toString(pace.lastSteps()))));
    }

    private static void samples(String which, SampleHistory history, PrintStream out) {
        out.println();
        if (history.empty()) {
            out.println("Nothing is known about the " + which + ": not recorded, or mixed.");
            return;
        }
        out.println("The " + which + ": " + history.samples() + ", never learned by any peer " + history.neverLearned()
                + ", learned first by several peers at once " + history.firstTogether());
        for (SampleHistory.Peer peer : history.peers(1)) {
            out.println(String.format(
                    Locale.ROOT,
                    "  %-10s learned %d, first of all %d, never forgotten %d, forgotten %d times",
                    peer.name(),
                    peer.learned(),
                    peer.first(),
                    peer.unforgettable(),
                    peer.forgettings()));
        }
    }
}
