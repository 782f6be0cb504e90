package dev.cohort.cli;

import dev.cohort.augment.data.ImageData;
import dev.cohort.coordinator.process.RunTeacher;
import dev.cohort.experiment.Experiment;
import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.session.RunSchedule;
import dev.cohort.study.Verification;
import dev.cohort.study.report.OpenRun;
import dev.cohort.study.retrain.PlannedBatches;
import dev.cohort.study.retrain.TrainedAgain;
import dev.cohort.study.retrain.VerificationReport;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Recomputes a run from its log. */
@Command(
        name = "verify",
        mixinStandardHelpOptions = true,
        description = {
            "Recompute every outcome of a run and compare it bit for bit.",
            "Computes outcomes from the recorded predictions and renders every batch again. With"
                    + " --weights: retrains every peer, too."
        },
        footer = {
            "    cohort verify                       # the newest run",
            "    cohort verify RUN --weights",
            "    cohort verify run.zip --no-batches"
        },
        exitCodeList = {
            "0:Everything matches",
            "1:Something differs, or part of the log cannot be read",
            ExitText.USAGE,
            ExitText.UNAVAILABLE,
            ExitText.BUG,
            ExitText.FILE
        })
final class VerifyCommand implements Callable<Integer> {

    @Mixin
    private RecordedRun run = new RecordedRun();

    @Option(
            names = "--weights",
            description = "Also retrain every peer, newcomers included, from the log alone and compare the final"
                    + " weights. Takes about as long as the run without its waiting times.")
    private boolean weights;

    @Option(
            names = "--no-batches",
            description = "Trust the batches in the log instead of rendering them again. Needs no images.")
    private boolean withoutBatches;

    @Mixin
    private DataPathOption data = new DataPathOption();

    @Mixin
    private CodeOption code = new CodeOption();

    @Mixin
    private FormatOption output = new FormatOption();

    @Mixin
    private ProgressOption progress = new ProgressOption();

    @Override
    public Integer call() {
        try (OpenRun opened = run.open()) {
            Experiment experiment = opened.experiment();
            Optional<ImageData> images = withoutBatches && !weights ? Optional.empty() : Optional.of(images(opened));
            Verification.Batches batches = withoutBatches || images.isEmpty()
                    ? Verification.Batches.unchecked()
                    : new PlannedBatches(experiment, images.get());
            Verification verification = new Verification(
                    opened.log(),
                    RunTeacher.of(opened.manifest(), experiment),
                    RunSchedule.learningRate(opened.manifest(), experiment),
                    batches);
            Verification.Verdict verdict = verification.verdict(
                    progress.lines().steps("outcomes: ", opened.manifest().steps()));
            List<TrainedAgain> trained = weights && images.isPresent()
                    ? TrainedAgain.all(opened, images.get(), code.access(), progress.lines())
                    : List.of();
            VerificationReport report = new VerificationReport(opened, verdict, trained);
            output.print(report);
            return (report.verified() ? ExitCode.OK : ExitCode.FAILED).code();
        }
    }

    private ImageData images(OpenRun opened) {
        try {
            return data.open(opened);
        } catch (IllegalArgumentException e) {
            String rest = weights ? "" : "; --no-batches verifies everything but the batches without it";
            throw new CommandException(ExitCode.USAGE, e.getMessage() + rest, e);
        }
    }
}
