package dev.cohort.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.runtime.ExitCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** All commands that write files report an unwritable place in the same way. */
class UnwritableFileTest {
    @TempDir
    private Path folder = Path.of("");

    private Path file = Path.of("");
    private String run = "";

    @BeforeEach
    void files() throws IOException {
        run = new ArchivedSample().write(folder.resolve("run.zip")).toString();
        file = Files.writeString(folder.resolve("file"), "occupied");
    }

    private void assertRefused(String what, String why, String... command) {
        ConsoleCapture console = ConsoleCapture.of(command);
        assertThat(console.code()).as(console.toString()).isEqualTo(ExitCode.INPUT_OUTPUT.code());
        assertThat(console.out()).isEmpty();
        assertThat(console.err())
                .isEqualTo("cohort: " + what + ": cannot be written (" + why
                        + "): name a file in a folder that exists and can be written\n");
    }

    @Test
    void namesAMissingFolder() {
        Path none = folder.resolve("none");
        String page = none.resolve("page.html").toString();

        assertRefused("--report " + page, none + " does not exist", "replay", run, "--report", page);
        assertRefused("--html " + page, none + " does not exist", "timeline", run, "--html", page);
        assertRefused("archive " + page, page + ".part does not exist", "archive", run, page);
    }

    @Test
    void namesAnExistingFolderOrFile() {
        assertRefused("--report " + folder, "it is a folder", "replay", run, "--report", folder.toString());
        assertRefused("--html " + folder, "it is a folder", "timeline", run, "--html", folder.toString());
        String below = file.resolve("page.html").toString();
        assertRefused("--report " + below, file + " is not a folder", "replay", run, "--report", below);
        assertRefused("folder " + file, "a file of this name exists", "replay", run, "--export", file.toString());
        assertRefused("folder " + file, "a file of this name exists", "replay", run, "--tensorboard", file.toString());
    }

    @Test
    void leavesNothingBehind() throws IOException {
        assertRefused("--html " + folder, "it is a folder", "timeline", run, "--html", folder.toString());

        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files.map(f -> String.valueOf(f.getFileName())).sorted().toList())
                    .isEqualTo(List.of("file", "run.zip"));
        }
    }
}
