package dev.cohort.cli;

import dev.cohort.augment.data.ImageData;
import dev.cohort.augment.data.RunData;
import dev.cohort.experiment.Problems;
import dev.cohort.launch.RunDirectory;
import dev.cohort.launch.local.Preparation;
import dev.cohort.study.report.OpenRun;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** The data folder of a run on this machine, for commands that need it after the run has begun. */
final class DataPathOption {
    /** Name of the option. */
    static final String NAME = "--data-path";

    @Option(
            names = NAME,
            paramLabel = "DIR",
            description = "Folder of the data on this machine. Default: data.path of the experiment. The data must"
                    + " be the same, image by image.")
    private Optional<Path> path = Optional.empty();

    /** The absolute path, if the option was given. */
    Optional<Path> path() {
        return path.map(p -> p.toAbsolutePath().normalize());
    }

    /** As a setting of an experiment, for {@code --set}. */
    List<String> setting() {
        return path().map(Preparation::dataPathSetting).stream().toList();
    }

    /**
     * Reads the data of a recorded run from this folder, or from that of the run: its directory has the folder of its last start,
     * its log that of the first.
     *
     * @throws IllegalArgumentException when the data is missing or is not that of the run; the message says what to do
     */
    ImageData open(OpenRun opened) {
        Optional<Path> there = path().or(() -> opened.directory()
                .map(directory -> directory.resolve(RunDirectory.EFFECTIVE))
                .filter(Files::isRegularFile)
                .flatMap(effective -> Preparation.read(Optional.of(effective), List.of(), new Problems()))
                .flatMap(experiment -> experiment.data().path())
                .map(Path::of));
        return RunData.open(opened.manifest(), opened.experiment(), there);
    }
}
