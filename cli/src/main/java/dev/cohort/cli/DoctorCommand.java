package dev.cohort.cli;

import dev.cohort.coordinator.process.RunTeacher;
import dev.cohort.experiment.Experiment;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.session.RunSchedule;
import dev.cohort.study.diagnosis.Checkup;
import dev.cohort.study.diagnosis.CheckupReport;
import dev.cohort.study.report.OpenRun;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Finds problems in a run. */
@Command(
        name = "doctor",
        mixinStandardHelpOptions = true,
        description = {
            "Find problems in a run and name the settings that fix them.",
            "Reads the log of a finished or running run, and shows the figures behind each finding."
        },
        footer = {"    cohort doctor", "    cohort doctor RUN --format json"},
        exitCodeList = {
            "0:No severe problem",
            "1:At least one severe problem",
            ExitText.USAGE,
            ExitText.UNAVAILABLE,
            ExitText.BUG,
            ExitText.FILE
        })
final class DoctorCommand implements Callable<Integer> {
    @Mixin
    private RecordedRun run = new RecordedRun();

    @Mixin
    private FormatOption output = new FormatOption();

    @Mixin
    private ProgressOption progress = new ProgressOption();

    @Override
    public Integer call() {
        try (OpenRun opened = run.open()) {
            Checkup checkup = new Checkup(
                    opened.log(),
                    opened.manifest().classes(),
                    opened.experiment().contributors().stream()
                            .map(Experiment.Peer::id)
                            .toList(),
                    cores(opened));
            Checkup.Report report = checkup.report(
                    RunTeacher.of(opened.manifest(), opened.experiment()),
                    RunSchedule.learningRate(opened.manifest(), opened.experiment()),
                    opened.manifest().steps(),
                    progress.lines().steps("", opened.manifest().steps()));
            output.print(new CheckupReport(opened, report));
            return (report.healthy() ? ExitCode.OK : ExitCode.FAILED).code();
        }
    }

    /** Cores of this machine, if the run has its directory and broker, and so its peers, here. */
    private static OptionalInt cores(OpenRun opened) {
        boolean here = opened.directory().isPresent()
                && opened.experiment().kafka().bootstrap().isEmpty();
        return here ? OptionalInt.of(Runtime.getRuntime().availableProcessors()) : OptionalInt.empty();
    }
}
