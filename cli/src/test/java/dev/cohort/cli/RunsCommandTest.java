package dev.cohort.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.launch.RunDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunsCommandTest {
    private static final LocalDateTime NOW = LocalDateTime.of(2025, 1, 31, 12, 30, 5);

    @TempDir
    private Path temp = Path.of("");

    private String stopped = "";
    private String ended = "";

    private Path runs() {
        return temp.resolve("runs");
    }

    private ConsoleCapture call(String... words) {
        String[] all = new String[words.length + 2];
        System.arraycopy(words, 0, all, 0, words.length);
        all[words.length] = "--runs";
        all[words.length + 1] = runs().toString();
        return ConsoleCapture.of(all);
    }

    @BeforeEach
    void makeRuns() {
        try (RunDirectory one = RunDirectory.create(runs(), "one", NOW);
                RunDirectory two = RunDirectory.create(runs(), "two", NOW.plusMinutes(1))) {
            stopped = one.at("127.0.0.1:9", true).id();
            ended = two.at("127.0.0.1:9", true).id();
            two.write(RunDirectory.RESULT, "{\"method\":\"one\",\"steps\":628,\"ensemble\":{\"test_accuracy\":0.825}}");
        }
    }

    @Test
    void listsEveryRunWithItsState() {
        ConsoleCapture listed = call("runs");
        assertThat(listed.code()).isZero();
        assertThat(listed.lines()).hasSize(4);
        assertThat(listed.lines().get(1)).startsWith(stopped).contains("stopped");
        assertThat(listed.lines().get(2)).startsWith(ended).contains("ended", "one", "628", "0.825");
    }

    @Test
    void showsARunningRun() {
        try (RunDirectory held = RunDirectory.resume(runs(), Optional.of(ended))) {
            assertThat(call("runs", "--format", "json").lines().get(2)).contains("\"state\":\"running\"", held.id());
            ConsoleCapture refused = call("runs", "rm", ended, "--yes");
            assertThat(refused.code()).isEqualTo(2);
            assertThat(refused.err()).contains("is running", "'cohort stop'");
        }
        assertThat(runs().resolve(ended)).isDirectory();
    }

    @Test
    void deletesNothingWithoutAnAnswer() {
        ConsoleCapture asked = call("runs", "rm", ended);
        assertThat(asked.code()).isZero();
        assertThat(asked.out()).contains("Delete 1 run", "Nothing was deleted.");
        assertThat(runs().resolve(ended)).isDirectory();
    }

    @Test
    void deletesTheNamedRunAndNothingElse() throws IOException {
        Path elsewhere = Files.writeString(temp.resolve("precious"), "mine");
        Files.createSymbolicLink(runs().resolve(ended).resolve("link"), elsewhere);
        ConsoleCapture deleted = call("runs", "rm", ended, "--yes");
        assertThat(deleted.code()).as(deleted.err()).isZero();
        assertThat(runs().resolve(ended)).doesNotExist();
        assertThat(runs().resolve(stopped)).isDirectory();
        assertThat(elsewhere).hasContent("mine");
    }

    @Test
    void deletesNothingWhenOneOfTheNamesIsWrong() {
        ConsoleCapture refused = call("runs", "rm", ended, "mistyped", "--yes");
        assertThat(refused.code()).isEqualTo(2);
        assertThat(runs().resolve(ended)).isDirectory();
    }
}
