package dev.cohort.cli;

import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import dev.cohort.study.Timeline;
import dev.cohort.study.report.OpenRun;
import dev.cohort.study.report.Studiable;
import dev.cohort.study.view.OutputFile;
import dev.cohort.study.view.TimelinePage;
import dev.cohort.study.view.TimelineReport;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Shows how long the steps of a run took while peers came and went. */
@Command(
        name = "timeline",
        mixinStandardHelpOptions = true,
        description = {
            "Show who joined and left a run, and what that cost the others.",
            "Compares how long steps took before, during and after each event, by the broker's clock."
        },
        footer = {"    cohort timeline RUN", "    cohort timeline RUN --html timeline.html"})
final class TimelineCommand implements Callable<Integer> {
    @Mixin
    private RecordedRun run = new RecordedRun();

    @Option(
            names = "--quiet-steps",
            paramLabel = "STEPS",
            description = "Number of steps around an event that count as \"during\". Default: ${DEFAULT-VALUE}.")
    private long quietSteps = 10;

    @Option(
            names = "--window",
            paramLabel = "STEPS",
            description = "Maximum number of steps examined before and after an event. Default: ${DEFAULT-VALUE}.")
    private long windowSteps = 100;

    @Option(names = "--html", paramLabel = "FILE", description = "Also write a self-contained HTML page.")
    private Optional<Path> html = Optional.empty();

    @Mixin
    private FormatOption output = new FormatOption();

    @Override
    public Integer call() {
        if (quietSteps < 1 || windowSteps < 1) {
            throw new CommandException(
                    ExitCode.USAGE,
                    "--quiet-steps " + quietSteps + ", --window " + windowSteps + ": both must be at least 1");
        }
        Optional<OutputFile> picture = html.map(path -> OutputFile.of("--html", path));
        try (OpenRun opened = run.open()) {
            Timeline timeline = Timeline.of(opened.log());
            List<Timeline.Change> changes = timeline.changes(quietSteps, windowSteps);
            picture.ifPresent(file -> file.write(TimelinePage.html(opened.log().runId(), timeline, changes)));
            output.print(new TimelineReport(opened.log().runId(), timeline, changes));
            Studiable.afterReading(opened)
                    .ifPresent(studiable -> studiable.lines().forEach(System.err::println));
        }
        return ExitCode.OK.code();
    }
}
