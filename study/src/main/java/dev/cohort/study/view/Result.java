package dev.cohort.study.view;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cohort.protocol.Left;
import dev.cohort.runtime.Software;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * The result of a run: the JSON object that {@code run --format json} prints last, and its summary as text.
 *
 * @param embedded whether the run started its own broker
 * @param elapsedMs wall time of the whole command
 * @param otherSeeds gains of runs of the same experiment with other seeds, for the summary
 * @param trainedTeacher networks that were trained before the run, if its method needed them
 * @param parent the run from which it was forked, if any
 */
public record Result(
        RunView view,
        boolean embedded,
        long elapsedMs,
        List<Gain> otherSeeds,
        Optional<TrainedTeacher> trainedTeacher,
        Optional<ForkedFrom> parent) {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    public Result {
        otherSeeds = List.copyOf(otherSeeds);
    }

    /** The result of a run without other seeds, trained teacher or parent. */
    public Result(RunView view, boolean embedded, long elapsedMs) {
        this(view, embedded, elapsedMs, List.of(), Optional.empty(), Optional.empty());
    }

    /** This result with the gains of other seeds. */
    public Result beside(List<Gain> gains) {
        return new Result(view, embedded, elapsedMs, gains, trainedTeacher, parent);
    }

    /** This result with the networks trained before the run. */
    public Result taughtBy(Optional<TrainedTeacher> teacher) {
        return new Result(view, embedded, elapsedMs, otherSeeds, teacher, parent);
    }

    /** This result with the run from which it was forked. */
    public Result forkedFrom(Optional<ForkedFrom> from) {
        return new Result(view, embedded, elapsedMs, otherSeeds, trainedTeacher, from);
    }

    /** Accuracies are 0..1, digests in hexadecimal; unknown values are null. */
    public ObjectNode json() {
        ObjectNode json = JSON.objectNode();
        json.put("run", view.runId());
        json.put("method", view.experiment().method().name());
        json.put("mode", view.experiment().pace().mode().name().toLowerCase(Locale.ROOT));
        json.put("steps", view.closedStep());
        json.put("broker", embedded ? "embedded" : "external");
        ArrayNode peers = json.putArray("peers");
        view.learners().forEach(p -> peers.add(peer(p)));
        accuracy(json.putObject("ensemble"), view.ensembleAccuracy());
        if (view.teacherAccuracy().isPresent()) {
            accuracy(json.putObject("teacher"), view.teacherAccuracy());
        } else {
            json.putNull("teacher");
        }
        trainedTeacher.ifPresent(t -> json.set("trained_teacher", t.json()));
        parent.ifPresent(
                p -> json.putObject("parent").put("run", p.view().runId()).put("step", p.step()));
        view.control().ifPresentOrElse(c -> json.set("control", control(c)), () -> json.putNull("control"));
        json.putObject("fingerprints")
                .put("plan", view.planFingerprint().hex())
                .put("run", view.runFingerprint().hex());
        json.putObject("outcomes").put("targets", view.targets()).put("skipped", view.skipped());
        json.put("digest_mismatches", view.digestMismatches());
        json.put("rejected_messages", view.rejected());
        json.put("seconds", rounded(elapsedMs / 1000.0, 3));
        Software software = Software.current();
        json.putObject("software")
                .put("cohort", software.version())
                .put("commit", software.commit())
                .put("jdk", software.jdk())
                .put("torch", software.torch());
        return json;
    }

    private static ObjectNode peer(PeerView peer) {
        ObjectNode json = JSON.objectNode();
        json.put("id", peer.id().value());
        json.put("model", peer.model());
        json.put("device", peer.device());
        json.put("framework", peer.framework());
        json.put("first_step", peer.firstStep());
        json.put("steps_trained", peer.step());
        accuracy(json, peer.testAccuracy());
        peer.ownTeacherAccuracy()
                .ifPresentOrElse(a -> json.put("own_teacher_accuracy", a), () -> json.putNull("own_teacher_accuracy"));
        json.put("images_per_second", rounded(peer.imagesPerSecond(), 1));
        json.put("wait_share", rounded(peer.waitShare(), 4));
        peer.left()
                .flatMap(Left::divergence)
                .ifPresentOrElse(d -> json.put("diverged_at_step", d.step()), () -> json.putNull("diverged_at_step"));
        weights(json, peer);
        return json;
    }

    private static ObjectNode control(PeerView peer) {
        ObjectNode json = JSON.objectNode();
        json.put("id", peer.id().value());
        json.put("model", peer.model());
        accuracy(json, peer.testAccuracy());
        weights(json, peer);
        return json;
    }

    private static void accuracy(ObjectNode json, OptionalDouble accuracy) {
        if (accuracy.isPresent()) {
            json.put("test_accuracy", accuracy.getAsDouble());
        } else {
            json.putNull("test_accuracy");
        }
    }

    private static void weights(ObjectNode json, PeerView peer) {
        peer.left()
                .flatMap(Left::result)
                .ifPresentOrElse(
                        r -> json.put("weights_sha256", r.weights().hex()), () -> json.putNull("weights_sha256"));
    }

    private static double rounded(double value, int places) {
        double unit = Math.pow(10, places);
        return Math.round(value * unit) / unit;
    }

    /** A few lines of text. */
    public List<String> summary() {
        List<String> lines = new ArrayList<>();
        String ended =
                view.ended() && view.learners().stream().anyMatch(PeerView::finished) ? "finished" : "ended early";
        lines.add("Run " + view.runId() + " " + ended + ": " + Words.count(view.closedStep(), "step") + " in "
                + Words.duration(elapsedMs) + ", " + view.targets() + " with targets, " + view.skipped() + " without.");
        trainedTeacher.map(TrainedTeacher::sentence).ifPresent(lines::add);
        parent.map(ForkedFrom::sentence).ifPresent(lines::add);
        StringBuilder accuracies = new StringBuilder("Test accuracy:");
        view.learners().forEach(p -> {
            accuracies.append("  ").append(p.id()).append(' ').append(Words.percent(p.testAccuracy()));
            p.ownTeacherAccuracy()
                    .ifPresent(a -> accuracies
                            .append(" (own teacher ")
                            .append(Words.percent(a))
                            .append(')'));
        });
        view.ensembleAccuracy().ifPresent(a -> accuracies.append("  ensemble ").append(Words.percent(a)));
        view.teacherAccuracy().ifPresent(a -> accuracies.append("  teacher ").append(Words.percent(a)));
        view.control()
                .ifPresent(c ->
                        accuracies.append("  ").append(c.id()).append(' ').append(Words.percent(c.testAccuracy())));
        lines.add(accuracies.toString());
        view.peers().forEach(p -> p.left().flatMap(Left::divergence).ifPresent(d -> lines.add(p.id() + " " + d + ".")));
        lines.add(Verdict.sentence(view, otherSeeds));
        if (view.rejected() > 0) {
            lines.add(Words.count(view.rejected(), "prediction") + " rejected, " + view.digestMismatches()
                    + " of them because the batch was rendered differently.");
        }
        lines.add("Fingerprints: plan " + view.planFingerprint().shortHex() + ", run "
                + view.runFingerprint().shortHex());
        return lines;
    }
}
