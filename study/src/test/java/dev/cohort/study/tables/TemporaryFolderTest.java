package dev.cohort.study.tables;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TemporaryFolderTest {
    @TempDir
    private Path parent = Path.of("");

    /** Creates a folder, adds files to it until the process ends, and prints its path. */
    static final class Holder {
        private Holder() {}

        public static void main(String[] arguments) throws IOException {
            Path folder = TemporaryFolder.make(Path.of(arguments[0])).path();
            Files.createDirectories(folder.resolve("spilled"));
            Files.writeString(folder.resolve("spilled").resolve("rows"), "rows");
            System.out.println(folder);
            while (System.in.read() >= 0) {
                Files.writeString(folder.resolve("tables.db"), "more");
            }
        }
    }

    private Process holder() throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Holder.class.getName(),
                        parent.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    private static Path made(Process holder) throws IOException {
        Path folder = Path.of(
                new BufferedReader(new InputStreamReader(holder.getInputStream(), StandardCharsets.UTF_8)).readLine());
        assertThat(folder.resolve("spilled")).isDirectory();
        return folder;
    }

    private static void awaitEnd(Process process) throws InterruptedException {
        assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
    }

    @Test
    void goesWhenItIsClosed() throws IOException {
        Path path;
        try (TemporaryFolder folder = TemporaryFolder.make(parent)) {
            path = folder.path();
            Files.writeString(path.resolve("tables.db"), "rows");
        }

        assertThat(path).doesNotExist();
        assertThat(parent).isEmptyDirectory();
    }

    @Test
    void goesWhenItsProcessIsInterrupted() throws Exception {
        Process process = holder();
        made(process);

        process.destroy();
        awaitEnd(process);

        assertThat(parent).isEmptyDirectory();
    }

    @Test
    void goesWithTheNextOneWhenItsProcessWasKilled() throws Exception {
        Process process = holder();
        Path left = made(process);
        process.destroyForcibly();
        awaitEnd(process);
        assertThat(left).exists();

        TemporaryFolder.make(parent).close();

        assertThat(left).doesNotExist();
    }

    @Test
    void leavesAloneWhatIsInUse() throws Exception {
        Process process = holder();
        Path used = made(process);
        try (TemporaryFolder own = TemporaryFolder.make(parent);
                TemporaryFolder other = TemporaryFolder.make(parent)) {
            assertThat(own.path()).exists().isNotEqualTo(other.path());
            assertThat(used.resolve("spilled")).exists();
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void namesTheRemedyIfItCannotBeCreated() {
        assertThatThrownBy(() -> TemporaryFolder.make(parent.resolve("none")))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining(parent.resolve("none") + " does not exist")
                .hasMessageContaining("TMPDIR");
    }
}
