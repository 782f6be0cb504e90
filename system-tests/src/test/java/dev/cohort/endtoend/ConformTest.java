package dev.cohort.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Joining;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.Limits;
import dev.cohort.protocol.Manifest;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.Topic;
import dev.cohort.protocol.wire.MessageCodec;
import dev.cohort.runtime.Delivery;
import dev.cohort.runtime.Receiver;
import dev.cohort.runtime.kafka.Following;
import dev.cohort.runtime.kafka.From;
import dev.cohort.runtime.kafka.RunLog;
import dev.cohort.runtime.kafka.TopicPlan;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Hasher;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** {@code cohort conform} passes our own peers, and fails a foreign one by the rules that it breaks. */
@Tag("slow")
class ConformTest {
    private static final PeerId GUEST = new PeerId("guest");
    private static final Pattern TO_JOIN = Pattern.compile("join --run (\\S+) --peer guest");

    @TempDir
    private Path folder = Path.of("");

    @RegisterExtension
    private final Shell shell = new Shell(() -> folder);

    @Test
    void ownPeersKeepEveryRuleInARehearsal() {
        Started conform = shell.start("conform", "--peer", "guest", "--format", "json");
        shell.await(
                "the line to join",
                () -> TO_JOIN.matcher(Started.text(conform.err())).find());
        Matcher line = TO_JOIN.matcher(Started.text(conform.err()));
        assertThat(line.find()).isTrue();
        Started guest = shell.start("join", "--run", line.group(1), "--peer", "guest");
        JsonNode report = shell.end(conform).well().json();
        shell.end(guest).well();

        assertThat(rules(report, "failed")).as("%s", report).isEmpty();
        assertThat(rules(report, "passed"))
                .contains("sender", "partition", "pictures", "first-batch-counts", "loss", "evaluation", "drains");
        assertThat(report.path("failed").asInt()).isZero();
        assertThat(report.path("passed").asInt())
                .isEqualTo(rules(report, "passed").size());
    }

    @Test
    void aWrongPeerFailsByTheRulesThatItBreaksAndTheOthersOfItsRunByNone() {
        Started run = shell.start(TinyRun.words(shell, TinyImages.IDX, "--steps", "1000000"));
        RunFolder directory = RunFolder.await(shell);
        try (LogWatch log = LogWatch.follow(shell)) {
            log.awaitSteps(3);
            saySomethingWrong(directory);
            log.awaitSteps(3);
            shell.run("stop").well();
        }
        shell.end(run).well();

        Ended wrong = shell.run("conform", "--peer", "guest", "--run", directory.id(), "--format", "json");
        assertThat(wrong.code()).as(wrong.toString()).isEqualTo(1);
        assertThat(rules(wrong.json(), "failed")).containsExactly("sender", "partition", "pictures");
        for (String own : List.of("p1", "p2")) {
            JsonNode right = shell.run("conform", "--peer", own, "--run", directory.id(), "--format", "json")
                    .well()
                    .json();
            assertThat(rules(right, "failed")).isEmpty();
            assertThat(rules(right, "passed")).contains("finishes", "loss", "one-open-step");
        }
        assertThat(shell.run("conform", "--peer", "nobody", "--run", directory.id())
                        .code())
                .isEqualTo(1);
    }

    /** Joins well, and predicts from another sender, on another partition, with pictures that it cannot have rendered. */
    private void saySomethingWrong(RunFolder directory) {
        try (RunLog log = RunLog.connect(directory.broker(), directory.id(), "guest", (code, what, cause) -> {
            throw new AssertionError(what, cause);
        })) {
            Manifest manifest = log.awaitManifest(Duration.ofMinutes(1));
            log.append(List.of(new Joining(GUEST, 1, "foreign", "cpu", false, 64, 0, manifest.dataDigest(), 1)));
            assertThat(log.flush(Duration.ofMinutes(1))).isTrue();
            Batch batch = firstBatch(log);
            Tensor logits = Tensor.of(
                    DType.FLOAT32, new double[batch.rows() * manifest.classes()], batch.rows(), manifest.classes());
            Digest nothing = new Hasher().text("nothing").digest();
            write(
                    directory,
                    new Prediction(
                            batch.step(),
                            0,
                            GUEST,
                            1,
                            batch.step() - 1,
                            NamedTensors.of(TensorName.LOGITS, logits),
                            nothing,
                            Optional.empty()));
            Left.Result result = new Left.Result(1, 1, 0, 0, 0, nothing);
            log.append(List.of(new Left(
                    GUEST, 1, "diverged", Optional.of(result), Optional.of(new Left.Divergence(1, "as it must")))));
            assertThat(log.flush(Duration.ofMinutes(1))).isTrue();
        }
    }

    private Batch firstBatch(RunLog log) {
        CompletableFuture<Batch> found = new CompletableFuture<>();
        Receiver first = new Receiver() {
            @Override
            public boolean offer(Delivery delivery) {
                if (delivery.message() instanceof Batch batch && batch.step() == 1) {
                    found.complete(batch);
                }
                return true;
            }
        };
        Following following = log.follow(Set.of(Topic.BATCHES), OptionalInt.empty(), From.BEGINNING, first);
        try {
            shell.await("a batch", found::isDone);
            return found.join();
        } finally {
            following.close();
        }
    }

    private static void write(RunFolder directory, Message prediction) {
        Map<String, Object> settings =
                Map.of("bootstrap.servers", directory.broker().bootstrap(), "acks", "all");
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
            String topic = TopicPlan.topicName(directory.id(), Topic.PREDICTIONS);
            int partitions = producer.partitionsFor(topic).size();
            int wrong = (TopicPlan.predictionPartition(GUEST, partitions) + 1) % partitions;
            byte[] record = new MessageCodec(directory.id(), Limits.DEFAULT).encode(prediction, "somebody");
            producer.send(new ProducerRecord<>(topic, wrong, null, record)).get();
        } catch (InterruptedException | java.util.concurrent.ExecutionException e) {
            throw new AssertionError(e);
        }
    }

    private static List<String> rules(JsonNode report, String verdict) {
        List<String> rules = new ArrayList<>();
        for (JsonNode rule : report.path("rules")) {
            if (rule.path("verdict").asText().equals(verdict)) {
                rules.add(rule.path("rule").asText());
            }
        }
        return rules;
    }
}
