package dev.cohort.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.runtime.ExitCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Peers that cannot join a run get the reason, and the run is not disturbed. */
@Tag("slow")
class WrongJoinTest {
    @TempDir
    private Path folder = Path.of("");

    @RegisterExtension
    private final Shell shell = new Shell(() -> folder);

    private Started join(RunFolder run, String... words) {
        List<String> all =
                new ArrayList<>(List.of("join", "--bootstrap", run.broker().bootstrap()));
        all.addAll(List.of(words));
        return shell.start(all.toArray(String[]::new));
    }

    /** Asserts that the newcomer ends with this error. */
    private void assertRefused(ExitCode code, Started newcomer, String... words) {
        Ended refused = shell.end(newcomer);
        assertThat(refused.code()).as(refused.toString()).isEqualTo(code.code());
        assertThat(refused.err()).contains(words).doesNotContain("\tat ", "Exception");
    }

    private void assertRefusesStrangers(RunFolder run) throws IOException {
        assertRefused(ExitCode.USAGE, join(run, "--run", "another-run"), "another-run", "knows no such run");
        assertRefused(
                ExitCode.USAGE,
                join(run, "--run", run.id(), "--peer", "p1"),
                "p1",
                "already names it",
                "choose another id");

        assertRefused(
                ExitCode.USAGE,
                join(run, "--run", run.id(), "--peer", "blank", "--from", "checkpoint"),
                "peer blank: has no checkpoint in",
                "--from head or beginning");

        Path labels = shell.folder().resolve("idx").resolve("train-labels-idx1-ubyte");
        byte[] whole = Files.readAllBytes(labels);
        Files.write(labels, endingWith(whole, 9));
        assertRefused(
                ExitCode.USAGE, join(run, "--run", run.id(), "--peer", "more-classes"), "10 classes", "4 classes");
        Files.write(labels, endingWith(whole, 1));
        assertRefused(
                ExitCode.USAGE,
                join(run, "--run", run.id(), "--peer", "other-data"),
                "is not the data of this run",
                "digest");
        Files.write(labels, whole);
    }

    /** The same labels but for the last one, which is 3. */
    private static byte[] endingWith(byte[] labels, int last) {
        byte[] other = labels.clone();
        other[other.length - 1] = (byte) last;
        return other;
    }

    @Test
    void refusesStrangersWithTheReasonWithoutDisturbingTheRun() throws IOException {
        Started run = shell.start(TinyRun.words(shell, TinyImages.IDX, "--steps", "1000000"));
        try (LogWatch log = LogWatch.follow(shell)) {
            log.awaitSteps(3);
            RunFolder directory = RunFolder.await(shell);
            assertRefusesStrangers(directory);

            Started guest = join(directory, "--run", directory.id(), "--peer", "guest");
            shell.await("a step with the guest", () -> log.contributors().contains("guest"));
            assertRefused(
                    ExitCode.USAGE,
                    join(directory, "--run", directory.id(), "--peer", "guest"),
                    "peer guest",
                    "has this id",
                    "cohort drain guest");
            log.awaitSteps(3);
            assertThat(log.contributors()).contains("p1", "p2", "guest");
            assertThat(guest.process().isAlive()).isTrue();
            assertThat(log.left().keySet()).doesNotContain("p1", "p2", "guest");
            shell.run("stop").well();
            shell.end(guest).well();
        }
        shell.end(run).well();
    }
}
