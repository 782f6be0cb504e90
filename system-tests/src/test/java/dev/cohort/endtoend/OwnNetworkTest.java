package dev.cohort.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Networks in processes of their own: NumPy's wherever Python 3 has it, PyTorch's where it can be imported. */
@Tag("slow")
class OwnNetworkTest {
    private static final int STEPS = 12;
    private static final String NETWORKS = """
            from torch import nn


            def make(run):
                channels, height, width = run.image
                return nn.Sequential(
                    nn.Conv2d(channels, 8, 3, padding=1),
                    nn.BatchNorm2d(8),
                    nn.ReLU(),
                    nn.Dropout(0.2),
                    nn.AdaptiveAvgPool2d(1),
                    nn.Flatten(),
                    nn.Linear(8, run.classes),
                )


            def frozen(run):
                net = make(run)
                for parameter in net.parameters():
                    parameter.requires_grad_(False)
                return net


            def broken(run):
                raise ValueError("no layer of that name")


            def wide(run):
                net = make(run)
                net[-1] = nn.Linear(8, run.classes + 1)
                return net
            """;

    @TempDir
    private Path folder = Path.of("");

    @RegisterExtension
    private final Shell shell = new Shell(() -> folder);

    private static String numpy() {
        Python.require("numpy");
        return "learner:" + Product.HOME.resolve("examples/learners/numpy_learner.py");
    }

    private String torch(String function) throws IOException {
        Python.require("torch");
        Path file = Files.writeString(shell.folder().resolve("nets.py"), NETWORKS);
        return file + ":" + function;
    }

    private String[] words(String peers, String... more) {
        String[] all = new String[more.length + 4];
        System.arraycopy(more, 0, all, 0, more.length);
        all[more.length] = "--set";
        all[more.length + 1] = "peers=[" + peers + "]";
        all[more.length + 2] = "--steps";
        all[more.length + 3] = Integer.toString(STEPS);
        return TinyRun.words(shell, TinyImages.IDX, all);
    }

    private static String peer(String id, String model) {
        return String.format(Locale.ROOT, "{id: %s, model: \"%s\"}", id, model);
    }

    private static JsonNode peer(JsonNode result, String id) {
        for (JsonNode peer : result.path("peers")) {
            if (peer.path("id").asText().equals(id)) {
                return peer;
            }
        }
        throw new AssertionError("no peer " + id + " in " + result);
    }

    @Test
    void teachesAndLearnsBesideBuiltInOnesAndIsTrainedAgainFromTheLog() {
        String numpy = numpy();
        JsonNode result = shell.run(words(peer("p1", "mlp32") + ", " + peer("p2", numpy), "--set", "method.name=dml"))
                .well()
                .json();
        assertThat(result.path("digest_mismatches").asInt(-1)).isZero();
        assertThat(result.path("outcomes").path("targets").asInt()).isEqualTo(STEPS);
        assertThat(peer(result, "p1").path("framework").asText()).isEqualTo("djl");
        assertThat(peer(result, "p2").path("framework").asText()).startsWith("numpy ");
        assertThat(peer(result, "p2").path("model").asText()).isEqualTo(numpy);
        assertThat(peer(result, "p2").path("steps_trained").asInt()).isEqualTo(STEPS);

        JsonNode verified = shell.run("verify", "--weights", "--allow-python", "--quiet", "--format", "json")
                .well()
                .json();
        assertThat(verified.path("weights"))
                .hasSize(2)
                .allSatisfy(w -> assertThat(w.path("equal").asBoolean()).isTrue());
        // Without leave, no code runs that only the log names.
        JsonNode careful = shell.run("verify", "--weights", "--quiet", "--format", "json")
                .well()
                .json();
        assertThat(careful.path("weights").path(1).path("why").asText()).contains("--allow-python");
    }

    @Test
    void threeFrameworksTeachEachOther() throws IOException {
        String peers = peer("p1", "resnet8") + ", " + peer("p2", torch("make")) + ", " + peer("p3", numpy());
        JsonNode result = shell.run(words(peers, "--set", "method.name=mean_logit"))
                .well()
                .json();
        assertThat(peer(result, "p2").path("framework").asText()).startsWith("pytorch ");
        assertThat(result.path("outcomes").path("targets").asInt()).isEqualTo(STEPS);
        JsonNode verified = shell.run("verify", "--weights", "--allow-python", "--quiet", "--format", "json")
                .well()
                .json();
        assertThat(verified.path("weights"))
                .hasSize(3)
                .allSatisfy(w -> assertThat(w.path("equal").asBoolean()).isTrue());
    }

    @Test
    void endsWithTheSameWeightsWhenItsProcessOrItsPeerIsKilled() {
        String peers = peer("p1", "mlp32") + ", " + peer("p2", numpy());
        String[] words = words(peers, "--set", "record.checkpoint_steps=2");
        words[words.length - 1] = "160";
        Map<String, String> undisturbed = shell.run(words).well().weights();

        Started run = shell.start(words);
        shell.await("a second run", () -> RunFolder.in(shell.runs()).size() == 2);
        RunFolder directory = RunFolder.in(shell.runs()).get(1);
        try (LogWatch log = LogWatch.follow(shell, directory.broker(), directory.id())) {
            log.awaitStep(20);
            child(directory).destroyForcibly();
            log.awaitSteps(20);
            directory.kill(shell, "p2");
            log.awaitSteps(20);
        }
        Ended ended = shell.end(run).well();
        assertThat(ended.weights()).isEqualTo(undisturbed);
        shell.awaitNoProcess();
    }

    /** The process of p2's network. */
    private ProcessHandle child(RunFolder directory) {
        long pid = directory.process("p2").path("pid").asLong();
        return ProcessHandle.of(pid)
                .flatMap(peer -> peer.children().findFirst())
                .orElseThrow(() -> new AssertionError("peer p2, pid " + pid + ", has no child"));
    }

    private void assertRefused(String model, String... reasons) {
        Ended refused = shell.run(words(peer("p1", "mlp32") + ", " + peer("p2", model)));
        assertThat(refused.code()).as(refused.toString()).isEqualTo(2);
        List<String> complaint = refused.err()
                .lines()
                .filter(line -> line.startsWith("cohort: "))
                .toList();
        assertThat(complaint).as(refused.toString()).hasSize(1);
        assertThat(complaint.get(0)).contains(reasons).contains("peers.1.model");
        assertThat(shell.runs()).as("nothing was begun").doesNotExist();
    }

    @Test
    void refusesWhatIsNoStudentBeforeTheRunBegins() throws IOException {
        assertRefused("nowhere.py:make", "there is no file", "nowhere.py");
        assertRefused("timm:", "FILE.py:FUNCTION");
        assertRefused(torch("frozen"), "no trainable parameters");
        assertRefused(torch("broken"), "ValueError: no layer of that name", "nets.py");
        assertRefused(torch("missing"), "missing", "nets.py");
        assertRefused(torch("wide"), "logits of shape");
        Optional<JsonNode> checked = Optional.of(shell.run("models", "check", torch("frozen"), "--format", "json")
                .json());
        assertThat(checked.orElseThrow().path("ok").asBoolean(true)).isFalse();
    }
}
