package dev.cohort.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.cohort.protocol.Admitted;
import dev.cohort.protocol.Joining;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.PeerId;
import dev.cohort.runtime.ExitCode;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Hasher;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VerifyCommandTest {
    private static final Digest WEIGHTS = new Hasher().text("weights").digest();

    @TempDir
    private Path folder = Path.of("");

    private final ArchivedSample sample = new ArchivedSample();

    private void trained(String peer, String model) {
        PeerId id = new PeerId(peer);
        sample.say(new Joining(id, 1, model, "cpu", false, 64, 0, WEIGHTS, 1));
        sample.say(new Admitted(id, 1, 0, 1, ""));
        sample.say(new Left(
                id, 1, Left.FINISHED, Optional.of(new Left.Result(1, ArchivedSample.STEPS, 0.5, 100, 0, WEIGHTS))));
    }

    private ConsoleCapture verify(String... more) {
        List<String> words = new ArrayList<>(
                List.of("verify", sample.write(folder.resolve("run.zip")).toString(), "--no-batches", "--quiet"));
        words.addAll(List.of(more));
        return ConsoleCapture.of(words.toArray(String[]::new));
    }

    @Test
    void saysThatAForeignPeerInANamedSeatCannotBeTrainedAgain() throws IOException {
        trained("p1", "torch-cnn");
        trained("guest", "torch-mlp");

        ConsoleCapture console = verify("--weights", "--format", "json");

        assertThat(console.code()).as(console.toString()).isZero();
        JsonNode weights = new ObjectMapper().readTree(console.out()).path("weights");
        assertThat(weights).hasSize(2).allSatisfy(w -> {
            assertThat(w.path("foreign").asBoolean()).isTrue();
            assertThat(w.path("equal").asBoolean(true)).isFalse();
            assertThat(w.path("why").asText()).startsWith("foreign, cannot be trained again: ");
        });
        assertThat(weights.path(0).path("why").asText()).contains("torch-cnn", "resnet8");
    }

    @Test
    void reportsItInTheTextWithoutAFinding() {
        trained("p1", "torch-cnn");

        ConsoleCapture console = verify("--weights");

        assertThat(console.code()).as(console.toString()).isZero();
        assertThat(console.out())
                .contains("Weights of p1: foreign, cannot be trained again")
                .endsWith("Verified, but for the weights of 1 foreign peer.\n")
                .doesNotContain("processor");
    }

    @Test
    void stillRefusesARunWhoseOwnPeerCannotBeTrainedAgain() {
        PeerId old = new PeerId("newcomer");
        sample.say(new Joining(old, 1, "resnet8", "cpu", false, 64, 0, WEIGHTS, 1));
        sample.say(new Admitted(old, 1, 0, 1, ""));
        sample.say(new Left(
                old, 1, Left.FINISHED, Optional.of(new Left.Result(0, ArchivedSample.STEPS, 0.5, 100, 0, WEIGHTS))));

        assertThat(verify("--weights").code()).isEqualTo(ExitCode.FAILED.code());
    }

    @Test
    void saysWhatToDoWhereTheDataIsNotThere() {
        String nowhere = folder.resolve("nowhere").toString();

        ConsoleCapture moved = verify("--data-path", nowhere);
        assertThat(moved.code()).as("the data is not asked for").isZero();

        String run = sample.write(folder.resolve("other.zip")).toString();
        ConsoleCapture console = ConsoleCapture.of("verify", run, "--quiet", "--data-path", nowhere);
        assertThat(console.code()).isEqualTo(ExitCode.USAGE.code());
        assertThat(console.err())
                .contains(nowhere, "--data-path", "--no-batches")
                .hasLineCount(1);
    }
}
