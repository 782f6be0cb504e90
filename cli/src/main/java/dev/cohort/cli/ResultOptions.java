package dev.cohort.cli;

import dev.cohort.study.view.OutputFormat;
import dev.cohort.study.view.RunsProgress;
import dev.cohort.study.view.Screen;
import dev.cohort.study.view.Streams;
import picocli.CommandLine.Option;

/** How a command that trains shows its progress and prints its result. */
final class ResultOptions {
    /** Interval of lines in a file, since a comparison takes hours. */
    private static final long LINE_EVERY_MS = 30_000;

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            description = "text, or json: print the result as one JSON object in the last line. Default: text.")
    private OutputFormat format = OutputFormat.text;

    @Option(names = "--quiet", description = "Print nothing but errors and, with --format json, the result.")
    private boolean quiet;

    OutputFormat format() {
        return format;
    }

    boolean quiet() {
        return quiet;
    }

    /** For one run. */
    Screen screen() {
        if (quiet) {
            return Screen.quiet();
        }
        return Streams.terminal(format) ? Screen.terminal(Streams.raw(format)) : Screen.lines(Streams.of(format));
    }

    /** For several runs, one after the other. */
    Screen screen(RunsProgress runs) {
        if (quiet) {
            return Screen.quiet();
        }
        return Streams.terminal(format)
                ? Screen.terminal(Streams.raw(format), runs)
                : Screen.lines(Streams.of(format), runs, LINE_EVERY_MS);
    }
}
