package dev.cohort.cli;

import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Where runs are kept. */
final class RunsFolder {
    static final String DEFAULT = "runs";

    @Option(
            names = "--runs",
            paramLabel = "DIR",
            description = "Folder that holds the runs. Default: runs in the working directory.")
    private Path folder = Path.of(DEFAULT);

    Path path() {
        return folder;
    }
}
