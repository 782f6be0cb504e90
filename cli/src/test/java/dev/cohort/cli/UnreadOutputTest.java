package dev.cohort.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.runtime.ExitCode;
import dev.cohort.study.view.PrintableStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A command whose output goes into {@code | head -1}. */
class UnreadOutputTest {
    @TempDir
    private Path folder = Path.of("");

    private final ArchivedSample sample = new ArchivedSample();
    private final FirstLine head = new FirstLine();
    private final StringWriter err = new StringWriter();
    private String run = "";

    /** A reader that goes after its first line. */
    private static final class FirstLine extends OutputStream {
        private final StringBuilder read = new StringBuilder();
        private int refused;

        @Override
        public void write(int one) throws IOException {
            write(new byte[] {(byte) one}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            if (read.indexOf("\n") >= 0) {
                refused++;
                throw new IOException("Broken pipe");
            }
            read.append(new String(bytes, offset, length, StandardCharsets.UTF_8));
        }
    }

    @BeforeEach
    void archive() {
        run = sample.write(folder.resolve("run.zip")).toString();
    }

    private int cohort(String... arguments) {
        PrintStream before = System.out;
        PrintStream out = new PrintableStream(head, PrintableStream.Unread.ENDS);
        System.setOut(out);
        try {
            return Cohort.execute(
                    new PrintWriter(out, true, StandardCharsets.UTF_8), new PrintWriter(err, true), arguments);
        } finally {
            System.setOut(before);
        }
    }

    private void assertEndsAtOnce(String... arguments) {
        assertThat(cohort(arguments)).as(err.toString()).isEqualTo(ExitCode.UNREAD.code());
        assertThat(head.read.toString()).hasLineCount(1);
        assertThat(head.refused).as("writes after the reader was gone").isEqualTo(1);
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void endsTopicCat() {
        assertEndsAtOnce("topic", "cat", "predictions", "--run", run, "--format", "json");
    }

    @Test
    void endsAQuestion() {
        assertEndsAtOnce("replay", run, "--sql", "select step from predictions", "--format", "json", "--quiet");
    }

    @Test
    void endsTables() {
        assertEndsAtOnce("timeline", run);
        head.read.setLength(0);
        head.refused = 0;
        assertEndsAtOnce("models");
    }

    @Test
    void endsAPageOfHelp() {
        assertThat(cohort("replay", "--help")).isIn(ExitCode.UNREAD.code(), ExitCode.OK.code());
        assertThat(err.toString()).isEmpty();
    }
}
