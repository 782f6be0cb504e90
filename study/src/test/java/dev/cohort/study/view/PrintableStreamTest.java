package dev.cohort.study.view;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class PrintableStreamTest {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final PrintStream out = new PrintableStream(bytes, PrintableStream.Unread.ENDS);

    private String printed() {
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @Test
    void printsALineAsOneLine() {
        out.println("model \u001b]0;x\u0007 of p1\nVerified.");

        assertThat(printed()).isEqualTo("model \\u001b]0;x\\u0007 of p1\\u000aVerified.\n");
    }

    @Test
    void letsNoControlThroughBesidesLineEnds() {
        try (PrintWriter writer = new PrintWriter(out, true, StandardCharsets.UTF_8)) {
            writer.println("Usage:\n  \u001b[1mcohort\u202e");
        }

        assertThat(printed()).isEqualTo("Usage:\n  \\u001b[1mcohort\\u202e\n");
    }

    @Test
    void printsUnicodeThatComesByteByByte() {
        for (byte one : "… 模 👩 \u009b".getBytes(StandardCharsets.UTF_8)) {
            out.write(one);
        }

        assertThat(printed()).isEqualTo("… 模 👩 \\u009b");
    }

    @Test
    void printsWhatIsLongerThanAnyBuffer() {
        String line = "模x".repeat(50_000);

        out.println(line);

        assertThat(printed()).isEqualTo(line + "\n");
    }

    /** Accepts one line and no more, like a pipe into {@code head -1}. */
    private static OutputStream readOnce() {
        return new OutputStream() {
            private boolean taken;

            @Override
            public void write(int one) throws IOException {
                throw new IOException("Broken pipe");
            }

            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                if (taken) {
                    throw new IOException("Broken pipe");
                }
                taken = true;
            }
        };
    }

    @Test
    void endsWhenTheReaderHasClosedTheStream() {
        PrintStream pipe = new PrintableStream(readOnce(), PrintableStream.Unread.ENDS);
        pipe.println("first");

        assertThatThrownBy(() -> pipe.println("second")).isInstanceOf(OutputClosed.class);
        // Output while the command ends is discarded.
        pipe.println("third");
    }

    @Test
    void goesOnWhereThatIsAskedFor() {
        PrintStream pipe = new PrintableStream(readOnce(), PrintableStream.Unread.GOES_ON);

        pipe.println("first");
        pipe.println("second");

        assertThat(pipe.checkError()).isFalse();
    }
}
