package dev.cohort.cli;

import dev.cohort.study.view.OutputFormat;
import dev.cohort.study.view.Printout;
import picocli.CommandLine.Option;

/** The output format of a command. */
final class FormatOption {
    @Option(names = "--format", paramLabel = "FORMAT", description = "text or json. Default: ${DEFAULT-VALUE}.")
    private OutputFormat format = OutputFormat.text;

    OutputFormat format() {
        return format;
    }

    /** Prints to standard output. */
    void print(Printout printout) {
        printout.print(format, System.out);
    }
}
