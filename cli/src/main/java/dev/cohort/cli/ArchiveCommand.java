package dev.cohort.cli;

import dev.cohort.launch.RunArchive;
import dev.cohort.runtime.ExitCode;
import dev.cohort.study.report.OpenRun;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Writes a run to one file. */
@Command(
        name = "archive",
        mixinStandardHelpOptions = true,
        description = {
            "Pack a run into one file.",
            "The archive holds all records, the configuration, and names, steps and checksums of the"
                    + " checkpoints. 'cohort verify', 'cohort replay', 'cohort doctor', 'cohort timeline' and"
                    + " 'cohort topic cat' accept an archive in place of a run."
        },
        footer = {"    cohort archive RUN run.zip", "    cohort archive RUN run.zip --with-checkpoints"})
final class ArchiveCommand implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "RUN", description = "Id or directory of the run. With --bootstrap, the id.")
    private String run = "";

    @Parameters(
            index = "1",
            arity = "0..1",
            paramLabel = "FILE",
            description = "New file. Default: the run's id with .cohort.zip, in the working directory.")
    private Optional<Path> file = Optional.empty();

    @Mixin
    private RunsFolder runs = new RunsFolder();

    @Mixin
    private BrokerOptions broker = new BrokerOptions();

    @Option(names = "--with-checkpoints", description = "Include the checkpoint files.")
    private boolean withCheckpoints;

    @Mixin
    private FormatOption output = new FormatOption();

    @Mixin
    private ProgressOption progress = new ProgressOption();

    @Override
    public Integer call() throws IOException {
        try (OpenRun opened = RecordedRun.open(Optional.of(run), runs, broker)) {
            Path to = file.orElseGet(() -> Path.of(opened.log().runId() + ".cohort.zip"));
            RunArchive archive = RunArchive.write(opened, to, withCheckpoints, progress.lines());
            output.print(archive);
            archive.warnings().forEach(System.err::println);
        }
        return ExitCode.OK.code();
    }
}
