package dev.cohort.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cohort.protocol.PeerId;
import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import dev.cohort.study.Timeline;
import dev.cohort.study.report.OpenRun;
import dev.cohort.study.report.Studiable;
import dev.cohort.study.view.OutputFile;
import dev.cohort.study.view.OutputFormat;
import dev.cohort.study.view.TimelinePage;
import dev.cohort.study.view.Words;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
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

    @Option(names = "--format", description = "text or json. Default: ${DEFAULT-VALUE}.")
    private OutputFormat format = OutputFormat.text;

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
            if (format == OutputFormat.json) {
                System.out.println(json(opened.log().runId(), timeline, changes));
            } else {
                lines(timeline, changes).forEach(System.out::println);
            }
            Studiable.afterReading(opened)
                    .ifPresent(studiable -> studiable.lines().forEach(System.err::println));
        }
        return ExitCode.OK.code();
    }

    private static List<String> lines(Timeline timeline, List<Timeline.Change> changes) {
        List<String> lines = new ArrayList<>();
        Timeline.Spread all = Timeline.Spread.of(timeline.outcomes());
        lines.add(Words.count(timeline.lastStep(), "step") + "; an outcome every "
                + Words.decimals(all.medianMs(), 0) + " ms (median), p95 " + all.p95Ms() + " ms, longest "
                + all.longestMs() + " ms.");
        if (changes.isEmpty() && timeline.afterTheLast().isEmpty()) {
            lines.add("Nobody came or went.");
        }
        for (Timeline.Change change : changes) {
            lines.add("");
            change.events().forEach(e -> lines.add("step " + e.step() + ": " + e.who() + " " + TimelinePage.words(e)));
            lines.add("  longest time between two outcomes, steps " + change.fromStep() + " to " + change.toStep()
                    + ": " + change.outcomeLongestMs() + " ms");
            if (change.survivors().isEmpty()) {
                lines.add("  nobody worked through it");
                continue;
            }
            lines.add("  step times of "
                    + change.survivors().stream().map(PeerId::value).collect(Collectors.joining(", ")) + ":");
            lines.add(spread("before", change.before()));
            lines.add(spread("during", change.during()));
            lines.add(spread("after", change.after()));
        }
        if (!timeline.afterTheLast().isEmpty()) {
            lines.add("");
            lines.add("After the last outcome:");
            timeline.afterTheLast().forEach(e -> lines.add("  " + e.who() + " " + TimelinePage.words(e)));
        }
        return lines;
    }

    private static String spread(String name, Timeline.Spread spread) {
        return spread.count() == 0
                ? "    " + name + ": none"
                : "    " + name + ": median " + Words.decimals(spread.medianMs(), 0) + " ms, p95 " + spread.p95Ms()
                        + " ms, longest " + spread.longestMs() + " ms (" + spread.count() + ")";
    }

    private static ObjectNode json(String runId, Timeline timeline, List<Timeline.Change> changes) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("run", runId).put("steps", timeline.lastStep());
        json.set("outcome_intervals", spread(Timeline.Spread.of(timeline.outcomes())));
        ArrayNode all = json.putArray("changes");
        for (Timeline.Change change : changes) {
            ObjectNode one = all.addObject();
            ArrayNode events = one.putArray("events");
            change.events().forEach(e -> put(events.addObject(), e));
            one.put("from_step", change.fromStep()).put("to_step", change.toStep());
            one.put("outcome_longest_ms", change.outcomeLongestMs());
            ArrayNode survivors = one.putArray("survivors");
            change.survivors().forEach(p -> survivors.add(p.value()));
            one.set("before", spread(change.before()));
            one.set("during", spread(change.during()));
            one.set("after", spread(change.after()));
        }
        ArrayNode last = json.putArray("after_the_last_outcome");
        timeline.afterTheLast().forEach(e -> put(last.addObject(), e));
        return json;
    }

    private static void put(ObjectNode json, Timeline.Event e) {
        json.put("step", e.step())
                .put("at_ms", e.atMs())
                .put("who", e.who())
                .put("kind", e.kind().name())
                .put("detail", e.detail());
    }

    private static ObjectNode spread(Timeline.Spread spread) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("count", spread.count())
                .put("median_ms", spread.medianMs())
                .put("p95_ms", spread.p95Ms())
                .put("longest_ms", spread.longestMs());
    }
}
