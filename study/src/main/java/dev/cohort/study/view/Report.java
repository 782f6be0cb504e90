package dev.cohort.study.view;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cohort.coordinator.method.MethodCatalog;
import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.Left;
import java.util.OptionalDouble;

/** A run as one self-contained HTML page. */
public final class Report {
    private static final String TEMPLATE = "report.html";

    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private Report() {}

    /**
     * The page.
     *
     * @param configuration effective configuration as YAML
     */
    public static String html(Result result, String configuration) {
        RunView view = result.view();
        ObjectNode data = JSON.objectNode();
        data.put("run", view.runId());
        data.put("method", view.experiment().method().name());
        data.put("verdict", Verdict.sentence(view, result.otherSeeds()));
        data.put("configuration", configuration);
        data.set("facts", facts(result));
        ArrayNode sources = sources(view);
        result.parent().ifPresent(parent -> sources(parent.view()).forEach(s -> sources.add(ofParent(s))));
        data.set("sources", sources);
        data.set("events", events(view));
        return Page.html(TEMPLATE, data);
    }

    private static ArrayNode facts(Result result) {
        RunView view = result.view();
        ArrayNode facts = JSON.arrayNode();
        fact(
                facts,
                "Steps",
                view.closedStep() + " (" + view.targets() + " with targets, " + view.skipped() + " without)");
        fact(facts, "Time", Words.duration(result.elapsedMs()));
        fact(
                facts,
                "Data",
                view.experiment().data().name() + ", " + view.manifest().trainImages() + " images to train on, "
                        + view.manifest().testLabels().size() + " to test");
        Experiment.Method method = view.experiment().method();
        fact(facts, "Method", MethodCatalog.get(method.name()).inForce(method));
        fact(facts, "Broker", result.embedded() ? "embedded" : "external");
        fact(facts, "Digest mismatches", Long.toString(view.digestMismatches()));
        fact(facts, "Rejected messages", Long.toString(view.rejected()));
        fact(facts, "Plan fingerprint", view.planFingerprint().hex());
        fact(facts, "Run fingerprint", view.runFingerprint().hex());
        return facts;
    }

    private static void fact(ArrayNode facts, String name, String value) {
        facts.addObject().put("name", name).put("value", value);
    }

    private static ArrayNode sources(RunView view) {
        ArrayNode sources = JSON.arrayNode();
        view.learners().forEach(p -> sources.add(peer(p, "peer")));
        view.learners().stream()
                .filter(p -> p.ownTeacherAccuracy().isPresent())
                .forEach(p -> sources.add(ownTeacher(p, view)));
        sources.add(ensemble(view));
        if (!view.teacherTests().isEmpty()) {
            ObjectNode teacher =
                    source("teacher", "teacher", view.experiment().method().name(), view.teacherAccuracy());
            ArrayNode accuracy = teacher.putArray("accuracy");
            view.teacherTests().values().forEach(t -> point(accuracy, t.epoch() + 1, t.accuracy()));
            sources.add(teacher);
        }
        view.peers().stream().filter(PeerView::control).forEach(p -> sources.add(peer(p, "control")));
        return sources;
    }

    /** The curve of the parent run, for comparison with the one of the same name. */
    private static ObjectNode ofParent(JsonNode source) {
        ObjectNode copy = source.deepCopy();
        copy.put("of", source.path("name").asText());
        copy.put("kind", "parent");
        copy.put("name", source.path("name").asText() + " (parent)");
        copy.remove("wait");
        return copy;
    }

    private static ObjectNode source(String name, String kind, String model, OptionalDouble accuracy) {
        ObjectNode source =
                JSON.objectNode().put("name", name).put("kind", kind).put("model", model);
        source.put("result", Words.percent(accuracy));
        return source;
    }

    private static ObjectNode ownTeacher(PeerView peer, RunView view) {
        ObjectNode source = source(
                "own teacher of " + peer.id().value(),
                "teacher",
                view.experiment().method().name(),
                peer.ownTeacherAccuracy());
        ArrayNode accuracy = source.putArray("accuracy");
        peer.ownTeacherTests().forEach((epoch, share) -> point(accuracy, epoch + 1, share));
        return source;
    }

    private static ObjectNode ensemble(RunView view) {
        ObjectNode source = source("ensemble", "ensemble", "mean probability of the peers", view.ensembleAccuracy());
        ArrayNode accuracy = source.putArray("accuracy");
        for (int epoch : view.testedEpochs()) {
            view.ensembleAccuracy(epoch).ifPresent(a -> point(accuracy, epoch + 1, a));
        }
        return source;
    }

    private static ObjectNode peer(PeerView peer, String kind) {
        ObjectNode source = source(peer.id().value(), kind, peer.model(), peer.testAccuracy());
        source.put("device", peer.device());
        source.put("steps", peer.step());
        source.put("imagesPerSecond", Words.decimals(peer.imagesPerSecond(), 0));
        source.put("waitShare", Words.percent(peer.waitShare()));
        source.put(
                "weights",
                peer.left()
                        .flatMap(Left::result)
                        .map(r -> r.weights().shortHex())
                        .orElse(Words.NONE));
        ArrayNode accuracy = source.putArray("accuracy");
        peer.tests().values().forEach(t -> point(accuracy, t.epoch() + 1, t.accuracy()));
        curve(source, "crossEntropy", peer.crossEntropy());
        if (kind.equals("peer")) {
            curve(source, "distillation", peer.distillation());
        }
        curve(source, "wait", peer.waitShareCurve());
        return source;
    }

    private static void curve(ObjectNode source, String name, Curve curve) {
        ArrayNode points = source.putArray(name);
        curve.points().forEach(p -> point(points, p.x(), p.y()));
    }

    private static void point(ArrayNode points, double x, double y) {
        points.addArray().add(Math.round(x * 100) / 100.0).add(Math.round(y * 1e6) / 1e6);
    }

    private static ArrayNode events(RunView view) {
        ArrayNode events = JSON.arrayNode();
        view.events()
                .forEach(e -> events.addObject()
                        .put("step", e.step())
                        .put("peer", e.peer())
                        .put("what", e.what()));
        return events;
    }
}
