package dev.cohort.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A fork equals its parent up to a step and differs after it. */
@Tag("slow")
class ForkTest {
    private static final int AT = 12;

    @TempDir
    private Path folder = Path.of("");

    @RegisterExtension
    private final Shell shell = new Shell(() -> folder);

    private Started fork(Path parent, String name, String... more) {
        String[] words = new String[8 + more.length];
        String[] first = {
            "fork",
            parent.toString(),
            "--at",
            Integer.toString(AT),
            "--run-dir",
            folder.resolve(name).toString(),
            "--format",
            "json"
        };
        System.arraycopy(first, 0, words, 0, first.length);
        System.arraycopy(more, 0, words, first.length, more.length);
        return shell.start(words);
    }

    private void assertVerified(String name) {
        assertThat(shell.run("verify", folder.resolve(name).toString(), "--weights")
                        .well()
                        .out())
                .contains("Verified.");
    }

    @Test
    void equalsItsParentWithTheSameSettingsAndDiffersWithOthers() throws IOException {
        Ended parent = shell.run(TinyRun.words(
                        shell, TinyImages.IDX, "--set", "method.name=one", "--set", "record.checkpoint_steps=5"))
                .well();
        Path directory = RunFolder.await(shell).path();

        Ended same = shell.end(fork(directory, "same")).well();
        assertThat(same.weights()).isEqualTo(parent.weights());
        assertThat(same.json().path("fingerprints")).isEqualTo(parent.json().path("fingerprints"));
        assertThat(same.json().path("parent").path("step").asInt()).isEqualTo(AT);
        assertVerified("same");

        Started cutOff = fork(directory, "other", "--set", "method.temperature=7", "--set", "run.steps=60");
        shell.await("metrics of the fork", () -> Files.exists(folder.resolve("other/metrics.csv")));
        cutOff.kill();
        shell.awaitNoProcess();
        JsonNode other = shell.run("run", "--resume", folder.resolve("other").toString(), "--format", "json")
                .well()
                .json();
        assertThat(other.path("steps").asInt()).isEqualTo(60);
        assertThat(other.path("parent").path("run")).isEqualTo(parent.json().path("run"));
        assertVerified("other");
        assertThat(Files.readString(folder.resolve("other/report.html"))).contains("p1 (parent)");

        Ended asRecorded = shell.run("replay", folder.resolve("other").toString(), "--format", "json", "--quiet");
        assertThat(asRecorded
                        .well()
                        .json()
                        .path("scenarios")
                        .path(0)
                        .path("steps_differing")
                        .asInt())
                .isZero();
        refusesWhatWouldBeAnotherRun(directory);
    }

    private void refusesWhatWouldBeAnotherRun(Path parent) {
        assertRefused(parent, "run.seed: must be as in the parent", "--set", "run.seed=9");
        assertRefused(parent, "run.steps 12: must be more than 12 (--at)", "--set", "run.steps=12");
        assertRefused(parent, "let its weight be 0", "--set", "method.name=independent");
        assertThat(shell.run("fork", parent.toString(), "--at", "99").err())
                .contains("--at 99: the log of the parent has the steps 1 to " + TinyRun.STEPS);
    }

    private void assertRefused(Path parent, String why, String... settings) {
        Ended refused = shell.end(fork(parent, "refused", settings));
        assertThat(refused.code()).as(refused.toString()).isNotZero();
        assertThat(refused.err()).contains(why).doesNotContain("\tat ");
        assertThat(Files.exists(folder.resolve("refused"))).isFalse();
    }
}
