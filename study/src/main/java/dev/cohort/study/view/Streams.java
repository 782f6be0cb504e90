package dev.cohort.study.view;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** Where a command shows how it goes on. What it does is worth more than what it shows, so it goes on when nobody looks any more. */
public final class Streams {
    private Streams() {}

    /** JSON is for programs, which read standard output. */
    public static PrintStream of(OutputFormat format) {
        return new PrintableStream(descriptor(format), PrintableStream.Unread.GOES_ON);
    }

    /** For what moves the cursor; who draws makes text printable. */
    public static PrintStream raw(OutputFormat format) {
        return new PrintStream(descriptor(format), true, StandardCharsets.UTF_8);
    }

    private static FileOutputStream descriptor(OutputFormat format) {
        return new FileOutputStream(format == OutputFormat.json ? FileDescriptor.err : FileDescriptor.out);
    }

    /** The script says which streams are terminals; Java itself answers only for all of them together. */
    public static boolean terminal(OutputFormat format) {
        return Boolean.getBoolean(format == OutputFormat.json ? "cohort.terminal.err" : "cohort.terminal.out");
    }
}
