package dev.cohort.cli;

import dev.cohort.study.view.ProgressLines;
import picocli.CommandLine.Option;

/** Whether a long command shows its progress on standard error. */
final class ProgressOption {
    @Option(names = "--quiet", description = "Show no progress.")
    private boolean quiet;

    ProgressLines lines() {
        return new ProgressLines(System.err::println, quiet);
    }
}
