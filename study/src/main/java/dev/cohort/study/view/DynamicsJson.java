package dev.cohort.study.view;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cohort.study.Dynamics;
import dev.cohort.study.DynamicsHistory;
import dev.cohort.study.SampleHistory;
import dev.cohort.study.StepWindow;
import dev.cohort.study.TeachingHistory;
import dev.cohort.study.TestHistory;
import java.util.List;
import java.util.SortedMap;

/** The dynamics of an ensemble as JSON: {@code replay --dynamics --format json} prints it, and the page draws it. */
public final class DynamicsJson {
    private static final int EVENTS_MAX = 8;
    private static final int SAMPLES_MAX = 20;
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private DynamicsJson() {}

    /** @param testLabels class of each test image */
    public static ObjectNode of(
            String run, TestHistory tests, TeachingHistory.Account account, List<Integer> testLabels) {
        ObjectNode json = JSON.objectNode();
        json.put("run", run);
        ArrayNode all = json.putArray("dynamics");
        tests.points().forEach(p -> point(all.addObject(), p));
        ArrayNode classes = json.putArray("classes");
        for (TestHistory.Classes one : tests.classes()) {
            ObjectNode accuracy = classes.addObject()
                    .put("step", one.step())
                    .put("epoch", one.epoch())
                    .putObject("accuracy");
            one.accuracy().forEach((source, values) -> {
                ArrayNode numbers = accuracy.putArray(source);
                values.forEach(numbers::add);
            });
        }
        ObjectNode samples = json.putObject("samples");
        samples.set("test", history(tests.samples(), testLabels));
        samples.set("test_ensemble", history(tests.together(), testLabels));
        samples.set("training", history(account.training(), List.of()));
        samples.put("steps_mixed", account.mixed());
        ObjectNode teaching = json.putObject("teaching");
        teaching.put("weighed", account.weighed()).put("steps_unknown", account.unknown());
        window(teaching.putObject("whole"), account.whole());
        ArrayNode windows = teaching.putArray("stretches");
        account.windows().forEach(window -> window(windows.addObject(), window));
        return json;
    }

    private static void point(ObjectNode json, DynamicsHistory.Point point) {
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
        json.put("variance", d.variance()).put("oracle_accuracy", d.oracle()).put("gain", d.gain());
        json.putObject("diversity")
                .put("disagreement", d.meanDisagreement())
                .put("kl", d.meanDivergence())
                .put("double_fault", d.meanDoubleFault())
                .put("error_correlation", d.meanErrorCorrelation());
        matrix(json.putArray("disagreement"), d.disagreement());
        matrix(json.putArray("kl"), d.divergence());
        matrix(json.putArray("double_fault"), d.doubleFault());
        matrix(json.putArray("error_correlation"), d.errorCorrelation());
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

    private static ObjectNode history(SampleHistory history, List<Integer> labels) {
        ObjectNode json = JSON.objectNode();
        json.put("samples", history.samples())
                .put("never_learned", history.neverLearned())
                .put("first_together", history.firstTogether());
        ArrayNode peers = json.putArray("peers");
        for (SampleHistory.Peer peer : history.peers(EVENTS_MAX)) {
            ObjectNode one = peers.addObject()
                    .put("id", peer.name())
                    .put("learned", peer.learned())
                    .put("unforgettable", peer.unforgettable())
                    .put("right", peer.right())
                    .put("forgettings", peer.forgettings())
                    .put("first", peer.first());
            ArrayNode byEvents = one.putArray("by_forgettings");
            peer.byEvents().forEach(byEvents::add);
        }
        ArrayNode most = json.putArray("most_forgotten");
        for (SampleHistory.Sample sample : history.mostForgotten(SAMPLES_MAX)) {
            ObjectNode one = most.addObject().put("sample", sample.sample());
            if (sample.sample() < labels.size()) {
                one.put("label", labels.get(sample.sample()));
            }
            one.put("forgettings", sample.forgettings()).put("right_now", sample.rightNow());
            sample.firstStep().ifPresent(step -> one.put("first_step", step));
            one.put("first_by", sample.firstBy());
        }
        return json;
    }

    private static void window(ObjectNode json, StepWindow window) {
        json.put("from_step", window.fromStep()).put("to_step", window.toStep()).put("taught", window.taught());
        ObjectNode skipped = json.putObject("skipped");
        window.skipped().forEach((reason, count) -> skipped.put(reason.name(), count));
        ObjectNode shares = json.putObject("shares");
        window.shares().forEach((student, row) -> numbers(shares.putObject(student), row));
        ObjectNode paces = json.putObject("paces");
        window.paces()
                .forEach((peer, pace) -> paces.putObject(peer)
                        .put("steps", pace.steps())
                        .put("staleness_mean", pace.stalenessMean())
                        .put("staleness_max", pace.stalenessMax())
                        .put("lag_mean_ms", pace.lagMeanMs())
                        .put("lag_max_ms", pace.lagMaxMs())
                        .put("last_steps", pace.lastSteps()));
    }

    private static void numbers(ObjectNode json, SortedMap<String, Double> values) {
        values.forEach(json::put);
    }
}
