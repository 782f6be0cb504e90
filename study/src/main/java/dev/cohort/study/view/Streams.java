package dev.cohort.study.view;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** The streams for the progress of a command. The command continues when their reader has closed them. */
public final class Streams {
    private Streams() {}

    /** The stream for lines: standard error if the format is JSON, which goes to standard output. */
    public static PrintStream of(OutputFormat format) {
        return new PrintableStream(descriptor(format), PrintableStream.Unread.GOES_ON);
    }

    /** Like {@link #of}, but passes escape sequences through; the caller must make text printable. */
    public static PrintStream raw(OutputFormat format) {
        return new PrintStream(descriptor(format), true, StandardCharsets.UTF_8);
    }

    private static FileOutputStream descriptor(OutputFormat format) {
        return new FileOutputStream(format == OutputFormat.json ? FileDescriptor.err : FileDescriptor.out);
    }

    /** Whether the stream is a terminal. The start script passes it on, because Java answers only for all streams together. */
    public static boolean terminal(OutputFormat format) {
        return Boolean.getBoolean(format == OutputFormat.json ? "cohort.terminal.err" : "cohort.terminal.out");
    }
}
