package dev.cohort.study.view;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.cohort.protocol.Evaluation;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.TensorName;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ResultTest {
    private final ObjectMapper mapper = new ObjectMapper();

    private static List<String> keys(JsonNode node) {
        List<String> keys = new ArrayList<>();
        node.fieldNames().forEachRemaining(keys::add);
        return keys;
    }

    @Test
    void isOneLineOfJsonWithEveryKey() throws JsonProcessingException {
        String line = new Result(SampleRun.whole(), true, 12_345).json().toString();
        assertThat(line).doesNotContain("\n");
        JsonNode json = mapper.readTree(line);
        assertThat(keys(json))
                .containsExactly(
                        "run",
                        "method",
                        "mode",
                        "steps",
                        "broker",
                        "peers",
                        "ensemble",
                        "teacher",
                        "control",
                        "fingerprints",
                        "outcomes",
                        "digest_mismatches",
                        "rejected_messages",
                        "seconds",
                        "software");
        assertThat(keys(json.path("peers").path(0)))
                .containsExactly(
                        "id",
                        "model",
                        "device",
                        "framework",
                        "first_step",
                        "steps_trained",
                        "test_accuracy",
                        "own_teacher_accuracy",
                        "images_per_second",
                        "wait_share",
                        "diverged_at_step",
                        "weights_sha256");
        assertThat(keys(json.path("software"))).containsExactly("cohort", "commit", "jdk", "torch");
        assertThat(keys(json.path("control"))).containsExactly("id", "model", "test_accuracy", "weights_sha256");
        assertThat(keys(json.path("ensemble"))).containsExactly("test_accuracy");
        assertThat(keys(json.path("fingerprints"))).containsExactly("plan", "run");
        assertThat(keys(json.path("outcomes"))).containsExactly("targets", "skipped");
    }

    @Test
    void reportsTheTeacherTrainedBeforeTheRun() throws JsonProcessingException {
        JsonNode before = mapper.readTree("""
                {"steps": 10, "seconds": 3.5, "peers": [{"model": "resnet14", "test_accuracy": 0.25}, {"model": "a"}]}
                """);
        Result result = new Result(SampleRun.whole(), true, 12_345).taughtBy(Optional.of(TrainedTeacher.of(before)));

        assertThat(mapper.readTree(result.json().toString()).path("trained_teacher"))
                .isEqualTo(mapper.readTree("""
                {"steps": 10, "seconds": 3.5,
                 "networks": [{"model": "resnet14", "test_accuracy": 0.25}, {"model": "a", "test_accuracy": null}]}
                """));
        assertThat(result.summary())
                .contains("Teacher trained before the run: resnet14 25.0 %, a - after 10 steps (3.5 s).");
    }

    @Test
    void summarisesTheRun() {
        RunView view = SampleRun.whole();
        JsonNode json = new Result(view, true, 12_345).json();
        assertThat(json.path("run").asText()).isEqualTo("20250101-120000-sample");
        assertThat(json.path("method").asText()).isEqualTo("mean_logit");
        assertThat(json.path("mode").asText()).isEqualTo("strict");
        assertThat(json.path("steps").asLong()).isEqualTo(10);
        assertThat(json.path("broker").asText()).isEqualTo("embedded");
        assertThat(json.path("peers")).hasSize(2);
        JsonNode p2 = json.path("peers").path(1);
        assertThat(p2.path("id").asText()).isEqualTo("p2");
        assertThat(p2.path("model").asText()).isEqualTo("resnet14");
        assertThat(p2.path("device").asText()).isEqualTo("cpu");
        assertThat(p2.path("steps_trained").asLong()).isEqualTo(10);
        assertThat(p2.path("test_accuracy").asDouble()).isEqualTo(0.75);
        assertThat(p2.path("images_per_second").asDouble()).isEqualTo(800.3);
        assertThat(p2.path("wait_share").asDouble()).isEqualTo(0.1);
        assertThat(p2.path("weights_sha256").asText())
                .isEqualTo(SampleRun.digest(77).hex());
        assertThat(json.path("ensemble").path("test_accuracy").asDouble()).isEqualTo(1.0);
        assertThat(json.path("teacher").isNull()).isTrue();
        assertThat(json.path("control").path("test_accuracy").asDouble()).isEqualTo(0.5);
        assertThat(json.path("fingerprints").path("plan").asText())
                .isEqualTo(view.planFingerprint().hex());
        assertThat(json.path("outcomes").path("targets").asLong()).isEqualTo(10);
        assertThat(json.path("digest_mismatches").asLong()).isZero();
        assertThat(json.path("rejected_messages").asLong()).isZero();
        assertThat(json.path("seconds").asDouble()).isEqualTo(12.345);
    }

    @Test
    void namesTheTeacherWhereItWasTested() {
        RunView view = SampleRun.whole();
        view.on(SampleRun.evaluation(Evaluation.TEACHER, 1, 0.9), 0);
        assertThat(new Result(view, false, 1)
                        .json()
                        .path("teacher")
                        .path("test_accuracy")
                        .asDouble())
                .isEqualTo(0.9);
    }

    @Test
    void reportsTheAccuracyOfAPeersOwnTeacher() {
        RunView view = SampleRun.whole();
        Evaluation evaluation = SampleRun.evaluation("p1", 1, 0.5, 2, 0, 2, 0, 2, 0, 0, 1);
        Tensor logits = Tensor.of(DType.FLOAT32, new double[] {2, 0, 0, 3, 0, 1, 0, 3}, 4, 2);
        view.on(withOwnTeacher(evaluation, logits), 0);
        view.on(withOwnTeacher(evaluation, Tensor.of(DType.FLOAT32, new double[4], 2, 2)), 0);
        Result result = new Result(view, false, 75_000);

        assertThat(result.json()
                        .path("peers")
                        .path(0)
                        .path("own_teacher_accuracy")
                        .asDouble())
                .isEqualTo(0.75);
        assertThat(result.json()
                        .path("peers")
                        .path(1)
                        .path("own_teacher_accuracy")
                        .isNull())
                .isTrue();
        assertThat(result.summary())
                .contains(
                        "Test accuracy:  p1 75.0 % (own teacher 75.0 %)  p2 75.0 %  ensemble 100.0 %  control 50.0 %");
        assertThat(Report.html(result, "")).contains("own teacher of p1");
    }

    private static Evaluation withOwnTeacher(Evaluation evaluation, Tensor logits) {
        return new Evaluation(
                evaluation.step(),
                evaluation.epoch(),
                evaluation.last(),
                evaluation.source(),
                evaluation.accuracy(),
                evaluation.crossEntropy(),
                evaluation.tensors().with(TensorName.OWN_TEACHER, logits));
    }

    @Test
    void hasNullForUnknownValues() {
        JsonNode json = new Result(SampleRun.view(), false, 1).json();
        assertThat(json.path("broker").asText()).isEqualTo("external");
        assertThat(json.path("ensemble").path("test_accuracy").isNull()).isTrue();
        assertThat(json.path("peers").path(0).path("weights_sha256").isNull()).isTrue();
        assertThat(json.path("control").path("test_accuracy").isNull()).isTrue();
    }

    @Test
    void summarisesForPeople() {
        assertThat(new Result(SampleRun.whole(), true, 75_000).summary())
                .contains(
                        "Run 20250101-120000-sample finished: 10 steps in 1 min 15 s, 10 with targets, 0 without.",
                        "Test accuracy:  p1 75.0 %  p2 75.0 %  ensemble 100.0 %  control 50.0 %");
    }

    @Test
    void namesAPeerThatDiverged() {
        RunView view = SampleRun.whole();
        view.on(
                new Left(
                        SampleRun.P2,
                        1,
                        "diverged",
                        Optional.empty(),
                        Optional.of(new Left.Divergence(7, "its loss is not finite"))),
                12_000);
        Result result = new Result(view, true, 12_345);

        assertThat(result.summary()).contains("p2 diverged at step 7: its loss is not finite.");
        assertThat(view.unfinished()).contains("p2 diverged at step 7: its loss is not finite");
        assertThat(result.json().path("peers").path(1).path("diverged_at_step").asLong())
                .isEqualTo(7);
        assertThat(LiveTable.rows(view).get(2).text()).contains("diverged ").doesNotContain("finished");
    }
}
