package dev.cohort.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cohort.cli.view.Words;
import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.PeerId;
import dev.cohort.replay.Course;
import dev.cohort.replay.Dynamics;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/** Prints the dynamics of an ensemble, for people or as JSON. */
final class DynamicsTable {
    private DynamicsTable() {}

    static void print(RecordedRun.Opened opened, OutputFormat format, PrintStream out) {
        Set<PeerId> peers = new TreeSet<>();
        opened.experiment().contributors().stream().map(Experiment.Peer::id).forEach(peers::add);
        List<Course.Point> points = new ArrayList<>();
        Course.of(
                opened.log(),
                peers,
                opened.manifest().testLabels(),
                opened.manifest().classes(),
                points::add);
        if (format == OutputFormat.json) {
            ObjectNode json = JsonNodeFactory.instance.objectNode();
            json.put("run", opened.log().runId());
            ArrayNode all = json.putArray("dynamics");
            points.forEach(p -> point(all.addObject(), p));
            out.println(json);
            return;
        }
        out.println("Run " + opened.log().runId() + ", on the test images; no recorded logits, no line.");
        out.println(String.format(
                Locale.ROOT,
                "%7s  %9s  %9s  %7s  %8s  %8s  %9s  %8s  %s",
                "step",
                "peers",
                "ensemble",
                "gain",
                "oracle",
                "disagree",
                "variance",
                "ECE",
                "worth of each peer (points of the ensemble's accuracy)"));
        points.forEach(p -> out.println(line(p)));
    }

    private static String line(Course.Point point) {
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
                        "%7d  %9s  %9s  %+7.1f  %8s  %8s  %9s  %8s  %s",
                        point.step(),
                        Words.percent(d.meanAccuracy()),
                        Words.percent(d.byProbability().accuracy()),
                        100 * d.gain(),
                        Words.percent(d.oracle()),
                        Words.percent(d.meanDisagreement()),
                        Words.decimals(d.variance(), 4),
                        Words.decimals(d.byProbability().calibrationError(), 3),
                        worth)
                .stripTrailing();
    }

    private static void point(ObjectNode json, Course.Point point) {
        Dynamics d = point.dynamics();
        json.put("step", point.step()).put("epoch", point.epoch());
        ArrayNode peers = json.putArray("peers");
        for (int i = 0; i < d.peers().size(); i++) {
            ObjectNode one = peers.addObject().put("id", d.peers().get(i));
            figures(one, d.each().get(i));
            if (!d.leaveOneOut().isEmpty()) {
                one.put("leave_one_out", d.leaveOneOut().get(i));
            }
        }
        figures(json.putObject("ensemble_prob"), d.byProbability());
        figures(json.putObject("ensemble_logit"), d.byLogits());
        json.put("variance", d.variance()).put("oracle_accuracy", d.oracle());
        matrix(json.putArray("disagreement"), d.disagreement());
        matrix(json.putArray("kl"), d.divergence());
        matrix(json.putArray("double_fault"), d.doubleFault());
    }

    private static void figures(ObjectNode json, Dynamics.Figures figures) {
        json.put("accuracy", figures.accuracy())
                .put("nll", figures.negativeLogLikelihood())
                .put("brier", figures.brier())
                .put("ece", figures.calibrationError());
    }

    private static void matrix(ArrayNode json, List<List<Double>> matrix) {
        matrix.forEach(row -> {
            ArrayNode one = json.addArray();
            row.forEach(one::add);
        });
    }
}
