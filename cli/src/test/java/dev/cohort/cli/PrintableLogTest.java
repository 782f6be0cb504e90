package dev.cohort.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** What others say comes into the log of a process as one printable line. */
class PrintableLogTest {
    @TempDir
    private Path folder = Path.of("");

    /** Logs to the file that the configuration names. */
    static final class Logging {
        private Logging() {}

        public static void main(String[] arguments) {
            LoggerFactory.getLogger("peer").warn("model {}", "a\u001b[2J\n12:00:00 INFO b\u202ec 模\u009b");
        }
    }

    @Test
    void isPrintable() throws IOException, InterruptedException {
        Path log = folder.resolve("process.log");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Dfile.encoding=UTF-8",
                        "-Dcohort.log.file=" + log,
                        "-cp",
                        System.getProperty("java.class.path"),
                        Logging.class.getName())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("out").toFile())
                .start();
        assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();

        assertThat(Files.readString(log, StandardCharsets.UTF_8))
                .hasLineCount(1)
                .endsWith("model a?[2J?12:00:00 INFO b?c 模?\n");
    }
}
