package dev.cohort.study.report;

import dev.cohort.study.Dynamics;
import dev.cohort.study.DynamicsHistory;
import dev.cohort.study.SampleHistory;
import dev.cohort.study.StepWindow;
import dev.cohort.study.TeachingHistory;
import dev.cohort.study.view.Words;
import java.io.PrintStream;
import java.util.Locale;

/** Prints the dynamics of an ensemble for people. */
public final class DynamicsTable {
    private DynamicsTable() {}

    public static void print(StudiedRun studied, PrintStream out) {
        out.println("Run " + studied.opened().log().runId() + ", on the test images; no recorded logits, no line.");
        out.println(String.format(
                Locale.ROOT,
                "%7s  %9s  %9s  %7s  %8s  %8s  %7s  %9s  %8s  %s",
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
        return String.format(
                        Locale.ROOT,
                        "%7d  %9s  %9s  %+7.1f  %8s  %8s  %7s  %9s  %8s  %s",
                        point.step(),
                        Words.percent(d.meanAccuracy()),
                        Words.percent(d.byProbability().accuracy()),
                        100 * d.gain(),
                        Words.percent(d.oracle()),
                        Words.percent(d.meanDisagreement()),
                        Words.decimals(d.meanDivergence(), 3),
                        Words.decimals(d.variance(), 4),
                        Words.decimals(d.byProbability().calibrationError(), 3),
                        worth)
                .stripTrailing();
    }

    private static void teaching(TeachingHistory.Account teaching, PrintStream out) {
        StepWindow whole = teaching.whole();
        out.println();
        out.println("Who teaches whom, mean over " + Words.count(whole.taught(), "step") + " with targets"
                + (teaching.weighed() ? ":" : " (the method does not weigh its teachers: all count alike):"));
        if (teaching.unknown() > 0) {
            out.println("  not known of " + Words.count(teaching.unknown(), "step") + ": parts of the log are missing");
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
        out.println(String.format(
                Locale.ROOT,
                "%-10s  %7s  %14s  %13s  %17s  %10s",
                "peer",
                "steps",
                "staleness mean",
                "staleness max",
                "lag mean / max ms",
                "spoke last"));
        whole.paces()
                .forEach((peer, pace) -> out.println(String.format(
                        Locale.ROOT,
                        "%-10s  %7d  %14s  %13d  %17s  %10d",
                        peer,
                        pace.steps(),
                        Words.decimals(pace.stalenessMean(), 2),
                        pace.stalenessMax(),
                        Words.decimals(pace.lagMeanMs(), 0) + " / " + pace.lagMaxMs(),
                        pace.lastSteps())));
    }

    private static void samples(String which, SampleHistory history, PrintStream out) {
        out.println();
        if (history.empty()) {
            out.println("Of the " + which + " nothing is known: not recorded, or mixed.");
            return;
        }
        out.println("The " + which + ": " + history.samples() + ", never right for anybody " + history.neverLearned()
                + ", first right for several at once " + history.firstTogether());
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
