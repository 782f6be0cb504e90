package dev.cohort.vectors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cohort.augment.BatchRenderer;
import dev.cohort.augment.data.ImageData;
import dev.cohort.augment.data.ImageSet;
import dev.cohort.distill.Objective;
import dev.cohort.protocol.Addressed;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Fingerprint;
import dev.cohort.protocol.ImageShape;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.Snapshot;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.Term;
import dev.cohort.runtime.kafka.TopicPlan;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.NamedTensors;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The product agrees with the published vectors, which a reader without any of its code computed (examples/peer). */
class PublishedVectorsTest {
    private static final double CLOSE = 1e-12;

    @Test
    void placesPredictionsOnThePublishedPartitions() {
        assertThat(Vectors.list("partitions"))
                .hasSizeGreaterThan(20)
                .allSatisfy(v -> assertThat(TopicPlan.predictionPartition(
                                new PeerId(v.get("id").asText()), v.get("of").asInt()))
                        .as("%s", v)
                        .isEqualTo(v.get("partition").asInt()));
    }

    @Test
    void computesThePublishedDigests() {
        assertThat(Vectors.list("digests")).hasSizeGreaterThan(20).allSatisfy(v -> {
            String record = v.get("record").asText();
            Message message = Vectors.message(record);
            // A batch has no digest of its own: the fingerprints cover it.
            if (!(message instanceof Batch)) {
                assertThat(digest(message).hex())
                        .as(record)
                        .isEqualTo(v.get("sha256").asText());
            }
        });
    }

    @Test
    void computesThePublishedDigestOfTheData() {
        assertThat(data().digest().hex())
                .isEqualTo(Vectors.get("data").get("sha256").asText());
    }

    @Test
    void rendersThePublishedPictures() {
        BatchRenderer renderer = new BatchRenderer(data());
        assertThat(Vectors.list("pictures")).hasSizeGreaterThan(10).allSatisfy(v -> {
            Batch batch = (Batch) Vectors.message(v.get("record").asText());
            assertThat(renderer.render(batch, v.get("slot").asInt()).digest().hex())
                    .as("%s", v)
                    .isEqualTo(v.get("sha256").asText());
        });
    }

    @Test
    void coversEveryMixing() {
        List<Batch> batches = Vectors.list("pictures").stream()
                .map(v -> (Batch) Vectors.message(v.get("record").asText()))
                .toList();
        assertThat(batches)
                .anyMatch(b -> b.recipe().partners().isEmpty())
                .anyMatch(b -> b.recipe().blend().isPresent())
                .anyMatch(b -> b.recipe().partners().size() > 1)
                .anyMatch(b -> b.recipe().views().size() > 1)
                .anyMatch(b -> b.pixels().isPresent());
    }

    @Test
    void computesThePublishedLossesAndGradients() {
        List<JsonNode> losses = Vectors.list("losses");
        assertThat(losses).hasSizeGreaterThan(20);
        for (JsonNode v : losses) {
            Objective.Result found = objective(v);
            String what = v.get("outcome").asText() + " for " + v.get("peer").asText();
            close(found.loss(), v.get("loss"), what);
            close(found.crossEntropy(), v.get("cross_entropy"), what);
            close(found.distillation(), v.get("distillation"), what);
            close(found.correct(), v.get("correct"), what);
            JsonNode gradients = v.get("gradients");
            TreeSet<String> names = new TreeSet<>();
            gradients.fieldNames().forEachRemaining(names::add);
            assertThat(found.gradients().asMap().keySet()).as(what).isEqualTo(names);
            names.forEach(name -> assertThat(found.gradients().get(name).toDoubles())
                    .as(what + ": gradient of " + name)
                    .containsExactly(Vectors.numbers(gradients.get(name)), within(CLOSE)));
        }
    }

    @Test
    void coversEveryKindOfTermThatHasALossOrAGradient() {
        TreeSet<String> kinds = new TreeSet<>();
        for (JsonNode v : Vectors.list("losses")) {
            terms(v).forEach(term -> kinds.add(term.getClass().getSimpleName()));
        }
        assertThat(kinds)
                .contains(
                        "SoftTarget", "OwnTarget", "OwnBranches", "CrossEntropy", "GatedCrossEntropy", "LeafGradient");
    }

    @Test
    void computesThePublishedFingerprints() {
        assertThat(Vectors.list("fingerprints")).hasSizeGreaterThan(4).allSatisfy(v -> {
            Fingerprint fingerprint = new Fingerprint();
            Vectors.list(v.get("batches")).forEach(r -> fingerprint.batch((Batch) Vectors.message(r.asText())));
            Vectors.list(v.get("outcomes")).forEach(r -> fingerprint.outcome((Outcome) Vectors.message(r.asText())));
            assertThat(fingerprint.plan().hex()).isEqualTo(v.get("plan").asText());
            assertThat(fingerprint.run().hex()).isEqualTo(v.get("run").asText());
        });
    }

    @Test
    void aReaderWithoutTheProductComputesTheSame() throws IOException, InterruptedException {
        Process reader = new ProcessBuilder(
                        Optional.ofNullable(System.getenv("COHORT_PYTHON")).orElse("python3"),
                        "-B",
                        Vectors.HOME.resolve("examples/peer/check_vectors.py").toString(),
                        Vectors.FOLDER.toString(),
                        Vectors.HOME
                                .resolve("protocol/src/main/protobuf/cohort.proto")
                                .toString())
                .redirectErrorStream(true)
                .start();
        String said = new String(reader.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(reader.waitFor()).as(said).isZero();
        assertThat(said).contains(" 0 wrong");
    }

    private static Digest digest(Message message) {
        if (message instanceof Prediction prediction) {
            return prediction.digest();
        } else if (message instanceof Outcome outcome) {
            return outcome.digest();
        } else if (message instanceof Addressed part) {
            return part.digest();
        } else if (message instanceof Snapshot snapshot) {
            return snapshot.state().digest();
        }
        throw new AssertionError("no digest of " + message);
    }

    private static ImageData data() {
        JsonNode data = Vectors.get("data");
        ImageShape shape = new ImageShape(
                data.get("height").asInt(),
                data.get("width").asInt(),
                data.get("channels").asInt());
        List<String> names =
                Vectors.list(data.get("classes")).stream().map(JsonNode::asText).toList();
        return ImageData.of(
                names,
                images(shape, data.get("sets").get(0)),
                images(shape, data.get("sets").get(2)),
                0);
    }

    private static ImageSet images(ImageShape shape, JsonNode set) {
        byte[] pixels = Vectors.joined(
                Vectors.list(set.get("images")).stream().map(Vectors::base64).toList());
        return ImageSet.of(shape, pixels, Vectors.ints(set.get("labels")).toArray());
    }

    private static Objective.Result objective(JsonNode v) {
        Batch batch = (Batch) Vectors.message(v.get("batch").asText());
        Outcome outcome = (Outcome) Vectors.message(v.get("outcome").asText());
        Prediction prediction = (Prediction) Vectors.message(v.get("prediction").asText());
        Map<String, dev.cohort.tensor.Tensor> own = new TreeMap<>();
        v.get("own").properties().forEach(t -> own.put(t.getKey(), Vectors.tensor(t.getValue())));
        NamedTensors known = prediction.tensors();
        if (!v.get("own_teacher").isNull()) {
            known = known.with(TensorName.OWN_TEACHER, Vectors.tensor(v.get("own_teacher")));
        }
        if (own.containsKey(TensorName.BRANCHES)) {
            known = known.with(TensorName.BRANCHES, own.get(TensorName.BRANCHES));
        }
        double labelWeight = outcome.resolution() instanceof Outcome.Targets targets ? targets.labelWeight() : 1;
        return Objective.of(
                batch.labels(),
                labelWeight,
                terms(v),
                NamedTensors.of(own),
                known,
                place(outcome, prediction),
                DType.FLOAT64);
    }

    /** The terms for everybody, and those of the own part if the outcome names this prediction. */
    private static List<Term> terms(JsonNode v) {
        Outcome outcome = (Outcome) Vectors.message(v.get("outcome").asText());
        Prediction prediction = (Prediction) Vectors.message(v.get("prediction").asText());
        List<Term> terms = new ArrayList<>();
        if (outcome.resolution() instanceof Outcome.Targets targets) {
            terms.addAll(targets.terms());
        }
        String part = v.get("addressed").asText();
        if (!part.isEmpty() && place(outcome, prediction).isPresent()) {
            terms.addAll(((Addressed) Vectors.message(part)).terms());
        }
        return terms;
    }

    private static Optional<Objective.Place> place(Outcome outcome, Prediction prediction) {
        List<Outcome.Contributor> all = outcome.contributors();
        for (int i = 0; i < all.size(); i++) {
            if (all.get(i).peer().equals(prediction.peer())
                    && all.get(i).tensors().equals(prediction.digest())) {
                return Optional.of(new Objective.Place(i, all.size()));
            }
        }
        return Optional.empty();
    }

    private static void close(double found, JsonNode right, String what) {
        assertThat(found).as(what).isCloseTo(right.asDouble(), within(CLOSE * Math.max(1, Math.abs(right.asDouble()))));
    }
}
