package dev.cohort.cli;

import dev.cohort.launch.RunDirectory;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The folder of the runs. */
final class RunsFolder {
    @Option(
            names = "--runs",
            paramLabel = "DIR",
            description = "Folder that holds the runs. Default: runs in the working directory.")
    private Path folder = Path.of(RunDirectory.RUNS);

    Path path() {
        return folder;
    }
}
