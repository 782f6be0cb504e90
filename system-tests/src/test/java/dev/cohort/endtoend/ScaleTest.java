package dev.cohort.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cohort.runtime.ExitCode;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A run that is scaled up and down while it runs. */
@Tag("slow")
class ScaleTest {
    @TempDir
    private Path folder = Path.of("");

    @RegisterExtension
    private final Shell shell = new Shell(() -> folder);

    private JsonNode scale(int wanted) {
        return shell.run("scale", Integer.toString(wanted), "--format", "json")
                .well()
                .json();
    }

    private void assertRefused(String words, String... scale) {
        Ended refused = shell.run(scale);
        assertThat(refused.code()).as(refused.toString()).isEqualTo(ExitCode.USAGE.code());
        assertThat(refused.err()).contains(words).doesNotContain("\tat ");
    }

    private void assertKeepsItRunning(RunFolder directory, LogWatch log) {
        directory.kill(shell, "n1");
        shell.await("a step without n1", () -> !log.contributors().contains("n1"));
        shell.await("a step with n1 again", () -> log.contributors().contains("n1"));
    }

    @Test
    void aRunGrowsAndShrinksWithinItsLimits() {
        Started run = shell.start(TinyRun.words(
                shell,
                TinyImages.IDX,
                "--steps",
                "1000000",
                "--set",
                "elastic.min=1",
                "--set",
                "elastic.max=4",
                "--set",
                "elastic.admit.accuracy_ratio=0",
                "--set",
                "pace.on_loss=drop"));
        try (LogWatch log = LogWatch.follow(shell)) {
            log.awaitSteps(3);
            RunFolder directory = RunFolder.await(shell);

            JsonNode grown = scale(4);
            assertThat(grown.path("started").findValuesAsText("id")).containsExactly("n1", "n2");
            shell.await("a step with all four", () -> log.contributors().containsAll(List.of("p1", "p2", "n1", "n2")));
            assertKeepsItRunning(directory, log);
            assertRefused("elastic.max", "scale", "5");
            assertRefused("elastic.min", "scale", "0");
            assertRefused("cohort join", "scale", "3", "--bootstrap", "localhost:1");

            JsonNode shrunk = scale(1);
            assertThat(shrunk.path("drained").toString()).isEqualTo("[\"n2\",\"n1\",\"p2\"]");
            shell.await("three leaves", () -> log.left().keySet().containsAll(List.of("n1", "n2", "p2")));
            log.awaitSteps(3);
            assertThat(shell.run("stop").well().out()).contains(directory.id());
        }
        JsonNode result = shell.end(run).well().json();
        assertThat(result.path("peers").findValuesAsText("id")).contains("p1", "p2", "n1", "n2");
        shell.awaitNoProcess();
        shell.run("verify").well();
        assertRefused("has no launcher at work in", "scale", "2");
    }
}
