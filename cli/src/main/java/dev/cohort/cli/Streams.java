package dev.cohort.cli;

import java.io.PrintStream;

/** Where a command shows how it goes on. */
final class Streams {
    private Streams() {}

    /** JSON is for programs, which read standard output. */
    static PrintStream of(OutputFormat format) {
        return format == OutputFormat.json ? System.err : System.out;
    }

    /** The script says which streams are terminals; Java itself answers only for all of them together. */
    static boolean terminal(OutputFormat format) {
        return Boolean.getBoolean(format == OutputFormat.json ? "cohort.terminal.err" : "cohort.terminal.out");
    }
}
