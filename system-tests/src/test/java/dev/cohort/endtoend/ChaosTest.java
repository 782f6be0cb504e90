package dev.cohort.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A run keeps every promise when at least one process of each role is killed and false records are written to its log. */
@Tag("slow")
class ChaosTest {
    private static final int STEPS = 400;

    @TempDir
    private Path folder = Path.of("");

    @RegisterExtension
    private final Shell shell = new Shell(() -> folder);

    @Test
    void keepsEveryPromiseWhicheverProcessIsKilled() {
        Started run = shell.start(
                TinyRun.words(shell, TinyImages.IDX, "--steps", Integer.toString(STEPS), "--set", "method.name=one"));
        try (LogWatch log = LogWatch.follow(shell)) {
            log.awaitStep(3);
        }
        RunFolder directory = RunFolder.await(shell);
        Started chaos =
                shell.start("chaos", "--corrupt", "--duplicate", "--every", "2", "--seed", "5", "--format", "json");
        for (String victim : List.of("p1", "coordinator", "augmenter", "broker")) {
            directory.kill(shell, victim);
        }

        Ended result = shell.end(run).well();
        JsonNode report = shell.end(chaos).well().json();

        assertThat(result.json().path("outcomes").path("targets").asInt()).isEqualTo(STEPS);
        assertThat(report.path("kept").asBoolean()).as(report.toString()).isTrue();
        assertThat(report.path("invariants"))
                .hasSize(7)
                .allSatisfy(i ->
                        assertThat(i.path("kept").asBoolean()).as(i.toString()).isTrue());
        assertThat(report.path("corrupt_records").asInt()).isPositive();
        for (String victim : List.of("p1", "coordinator", "augmenter", "broker")) {
            assertThat(directory.process(victim).path("starts").asInt()).isEqualTo(2);
        }
    }

    @Test
    void keepsEveryPromiseOnABrokenNetwork() {
        Started run = shell.start(
                TinyRun.words(shell, TinyImages.IDX, "--proxy", "--steps", "200", "--set", "method.name=one"));
        try (LogWatch log = LogWatch.follow(shell)) {
            log.awaitStep(3);
        }
        JsonNode report = shell.end(shell.start(
                        "chaos",
                        "--partition",
                        "--cut",
                        "--slow",
                        "p2",
                        "--delay-ms",
                        "20",
                        "--every",
                        "1",
                        "--for",
                        "8",
                        "--seed",
                        "4",
                        "--format",
                        "json"))
                .well()
                .json();

        Ended result = shell.end(run).well();
        assertThat(result.json().path("outcomes").path("targets").asInt()).isEqualTo(200);
        assertThat(report.path("kept").asBoolean()).as(report.toString()).isTrue();
        assertThat(report.path("partitions").asInt()).isPositive();
        assertThat(report.path("cuts").asInt()).isPositive();
        RunFolder directory = RunFolder.await(shell);
        for (String process : List.of("p1", "p2", "coordinator", "augmenter", "proxy", "broker")) {
            assertThat(directory.process(process).path("starts").asInt())
                    .as("starts of " + process)
                    .isEqualTo(1);
        }
    }

    @Test
    void disturbsNoNetworkWithoutAProxy() {
        Started run = shell.start(TinyRun.words(shell, TinyImages.IDX));
        RunFolder.await(shell);
        Ended refused = shell.run("chaos", "--partition");
        assertThat(refused.code()).isNotZero();
        assertThat(refused.err()).contains("start it with 'cohort run --proxy'");
        shell.end(run).well();
        assertThat(shell.run("run", "--proxy", "--bootstrap", "127.0.0.1:1").err())
                .contains("--proxy: applies to the built-in broker only");
    }

    @Test
    void refusesARunThatIsNotRunning() {
        Ended refused = shell.run("chaos", "--kill", "any");
        assertThat(refused.code()).isNotZero();
        assertThat(refused.err()).contains("no run in");
        assertThat(shell.run("chaos", "--kill", "nobody").err()).contains("--kill nobody: must be peer");
    }
}
