package dev.cohort.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** {@code cohort run} without an experiment, for a few steps. */
class QuickstartTest {
    private static final int STEPS = 5;
    private static final List<String> PEERS = List.of("p1", "p2", "p3", "control");

    @TempDir
    private Path folder = Path.of("");

    @RegisterExtension
    private final Shell shell = new Shell(() -> folder);

    @Test
    void endsWithItsResultAsOneJsonObjectAndLeavesEverythingInItsRunDirectory() throws IOException {
        Path images = TinyImages.IDX.write(shell.folder());
        assertWhole("--set", "data.name=idx", "--set", "data.path=" + images, "--set", "run.batch_size=16");
    }

    @Test
    @Tag("slow")
    void needsNoFileAtAll() throws IOException {
        assertWhole();
    }

    private void assertWhole(String... settings) throws IOException {
        Path directory = shell.folder().resolve("my run");
        List<String> words = new ArrayList<>(List.of("run", "--format", "json", "--quiet"));
        words.addAll(List.of("--steps", Integer.toString(STEPS), "--run-dir", directory.toString()));
        words.addAll(List.of(settings));
        Ended run = shell.run(words.toArray(String[]::new)).well();
        assertThat(run.out().lines()).as("standard output holds nothing else").hasSize(1);
        assertResult(run.json());
        RunFolder left = new RunFolder(directory);
        assertThat(run.json().path("run").asText()).isEqualTo(left.id()).endsWith("-quickstart");
        assertThat(left.json("result.json")).isEqualTo(run.json());
        assertThat(Files.readString(directory.resolve("effective.yaml"))).contains("steps: " + STEPS, "mean_logit");
        assertThat(Files.readAllLines(directory.resolve("metrics.csv"))).hasSizeGreaterThan(1 + PEERS.size());
        assertThat(Files.readString(directory.resolve("report.html"))).contains("<html", left.id());
        for (String peer : PEERS) {
            assertThat(directory.resolve("checkpoints").resolve(peer)).isNotEmptyDirectory();
            assertRecord(left, peer, "peer");
        }
        assertRecord(left, "broker", "broker");
        assertRecord(left, "augmenter", "augment");
        assertRecord(left, "coordinator", "coordinator");
        shell.awaitNoProcess();
    }

    private static void assertResult(JsonNode result) {
        assertThat(result.fieldNames())
                .toIterable()
                .containsExactlyInAnyOrder(
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
        assertThat(result.path("method").asText()).isEqualTo("mean_logit");
        assertThat(result.path("mode").asText()).isEqualTo("strict");
        assertThat(result.path("steps").asInt()).isEqualTo(STEPS);
        assertThat(result.path("broker").asText()).isEqualTo("embedded");
        assertThat(result.path("peers")).hasSize(3).allSatisfy(QuickstartTest::assertPeer);
        assertAccuracy(result.path("ensemble"));
        assertThat(result.path("teacher").isNull() || result.path("teacher").has("test_accuracy"))
                .isTrue();
        assertThat(result.path("control").path("id").asText()).isEqualTo("control");
        assertThat(result.path("control").path("model").asText()).isEqualTo("resnet8");
        assertAccuracy(result.path("control"));
        assertDigest(result.path("control").path("weights_sha256"));
        assertDigest(result.path("fingerprints").path("plan"));
        assertDigest(result.path("fingerprints").path("run"));
        assertThat(result.path("outcomes").path("targets").asInt()).isEqualTo(STEPS);
        assertThat(result.path("outcomes").path("skipped").asInt(-1)).isZero();
        assertThat(result.path("digest_mismatches").asInt(-1)).isZero();
        assertThat(result.path("rejected_messages").asInt(-1)).isZero();
        assertThat(result.path("seconds").asDouble()).isPositive();
    }

    private static void assertPeer(JsonNode peer) {
        assertThat(peer.path("id").asText()).isIn(PEERS);
        assertThat(peer.path("model").asText()).startsWith("resnet");
        assertThat(peer.path("device").asText()).isNotEmpty();
        assertThat(peer.path("steps_trained").asInt()).isEqualTo(STEPS);
        assertAccuracy(peer);
        assertThat(peer.path("images_per_second").asDouble()).isPositive();
        assertThat(peer.path("wait_share").asDouble(-1)).isBetween(0.0, 1.0);
        assertDigest(peer.path("weights_sha256"));
    }

    private static void assertAccuracy(JsonNode of) {
        assertThat(of.path("test_accuracy").asDouble(-1)).isBetween(0.0, 1.0);
    }

    private static void assertDigest(JsonNode digest) {
        assertThat(digest.asText()).matches("[0-9a-f]{64}");
    }

    private static void assertRecord(RunFolder run, String name, String role) {
        JsonNode record = run.process(name);
        assertThat(record.path("name").asText()).isEqualTo(name);
        assertThat(record.path("role").asText()).isEqualTo(role);
        assertThat(record.path("pid").asLong()).isPositive();
        assertThat(record.path("starts").asInt()).isEqualTo(1);
        assertThat(record.path("state").asText()).isIn("left", "ended");
        assertThat(record.path("last_exit").asText()).isIn("exit 0 (ok)", "asked to end");
    }
}
