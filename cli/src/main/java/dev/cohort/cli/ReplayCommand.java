package dev.cohort.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cohort.cli.launch.LaunchException;
import dev.cohort.cli.role.CoordinatorRole;
import dev.cohort.cli.role.RunPlan;
import dev.cohort.cli.view.Words;
import dev.cohort.coordinator.Teacher;
import dev.cohort.coordinator.method.MethodCatalog;
import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.Problems;
import dev.cohort.protocol.Manifest;
import dev.cohort.replay.Score;
import dev.cohort.replay.Study;
import dev.cohort.replay.WhatIf;
import dev.cohort.runtime.ExitCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.LongConsumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What other teachers would have said of recorded predictions. */
@Command(
        name = "replay",
        mixinStandardHelpOptions = true,
        description =
                "What other teachers would have made of the predictions of a run: nothing is trained but the teachers. The"
                        + " students' reaction is not part of the answer (open loop). Or the run as tables.")
final class ReplayCommand implements Callable<Integer> {
    private static final String OPEN_LOOP =
            "Open loop: what the students would have become under other targets is not part of this answer.";
    private static final long PROGRESS_EVERY_NANOS = 1_000_000_000;

    @Mixin
    private RecordedRun run = new RecordedRun();

    @Option(
            names = "--what-if",
            paramLabel = "KEY=VALUE,...",
            description =
                    "A scenario: method=NAME and its parameters, without=p2, only=p1+p3, quorum=N, deadline_ms=N. Can be"
                            + " given several times; all are answered in one pass over the log.")
    private List<String> scenarios = new ArrayList<>();

    @Option(
            names = "--dynamics",
            description =
                    "Instead of scenarios: how good the peers are, how good together, and how different, over time; who teaches"
                            + " whom, who is late, and which images are learned and forgotten.")
    private boolean dynamics;

    @Option(
            names = "--report",
            paramLabel = "FILE",
            description = "Instead of scenarios: the dynamics in pictures, as one HTML page that needs nothing else.")
    private Optional<Path> report = Optional.empty();

    @Mixin
    private TableOptions tables = new TableOptions();

    @Option(names = "--format", description = "text or json. Default: ${DEFAULT-VALUE}.")
    private OutputFormat format = OutputFormat.text;

    @Option(names = "--quiet", description = "Show no progress.")
    private boolean quiet;

    @Override
    public Integer call() {
        try (RecordedRun.Opened opened = run.open()) {
            Experiment experiment = opened.experiment();
            if (dynamics) {
                DynamicsTable.print(opened, format, progress(opened.manifest().steps()), System.out);
                return ExitCode.OK.code();
            }
            if (report.isPresent()) {
                return writeReport(opened, report.get());
            }
            if (tables.asked()) {
                tables.answer(opened, format, progress(opened.manifest().steps()), System.out);
                Studiable.afterReading(opened)
                        .ifPresent(studiable -> studiable.lines().forEach(System.err::println));
                return ExitCode.OK.code();
            }
            List<WhatIf> whatIfs = new ArrayList<>(List.of(WhatIf.asRecorded(experiment.method())));
            scenarios.forEach(words -> whatIfs.add(checked(WhatIf.parse(words, experiment))));
            Study study = new Study(
                    opened.log(),
                    whatIfs,
                    whatIf -> teacher(opened, whatIf),
                    RunPlan.learningRate(opened.manifest(), experiment),
                    opened.manifest().testLabels(),
                    opened.manifest().classes());
            List<Study.Answer> answers =
                    study.answers(progress(opened.manifest().steps()));
            Studiable studiable = Studiable.of(opened, study.studied());
            studiable.lines().forEach(System.err::println);
            if (format == OutputFormat.json) {
                ObjectNode json = json(opened.log().runId(), answers);
                json.set("studiable", studiable.json());
                System.out.println(json);
            } else {
                lines(opened.log().runId(), answers).forEach(System.out::println);
            }
            return ExitCode.OK.code();
        }
    }

    private int writeReport(RecordedRun.Opened opened, Path file) {
        StudiedRun studied = StudiedRun.of(opened, progress(opened.manifest().steps()));
        studied.studiable().lines().forEach(System.err::println);
        try {
            Files.writeString(file, studied.html());
        } catch (IOException e) {
            throw new LaunchException(
                    ExitCode.INPUT_OUTPUT,
                    "--report " + file + ": cannot be written (" + e + "): name a file in a folder that is there",
                    e);
        }
        System.out.println(
                format == OutputFormat.json
                        ? JsonNodeFactory.instance
                                .objectNode()
                                .put("run", opened.log().runId())
                                .put("report", file.toString())
                        : "The report of run " + opened.log().runId() + " is in " + file + ".");
        return ExitCode.OK.code();
    }

    private static WhatIf checked(WhatIf whatIf) {
        Problems problems = new Problems();
        MethodCatalog.validate(whatIf.method(), problems, "method");
        if (!problems.none()) {
            throw new LaunchException(
                    ExitCode.USAGE, "what-if " + whatIf.words() + ": " + String.join("; ", problems.found()));
        }
        return whatIf;
    }

    private static Teacher teacher(RecordedRun.Opened opened, WhatIf whatIf) {
        boolean asTaught = whatIf.method().equals(opened.experiment().method());
        // Another method is asked about all steps, those that a fork took over included.
        Manifest manifest = asTaught ? opened.manifest() : opened.manifest().forkedFrom(Optional.empty());
        return CoordinatorRole.teacher(manifest, Preparation.with(opened.experiment(), whatIf.method()));
    }

    private LongConsumer progress(long steps) {
        long[] nextNanos = {System.nanoTime() + PROGRESS_EVERY_NANOS};
        return step -> {
            if (!quiet && System.nanoTime() >= nextNanos[0]) {
                nextNanos[0] = System.nanoTime() + PROGRESS_EVERY_NANOS;
                System.err.println("step " + step + " of " + steps);
            }
        };
    }

    private static List<String> lines(String run, List<Study.Answer> answers) {
        List<String> lines = new ArrayList<>();
        lines.add("Run " + run + ". " + OPEN_LOOP);
        int width = answers.stream()
                .mapToInt(a -> a.whatIf().words().length())
                .max()
                .orElse(0);
        lines.add(String.format(
                Locale.ROOT,
                "%-" + width + "s  %9s  %9s  %8s  %9s  %6s  %6s  %6s  %9s",
                "what if",
                "steps",
                "differ",
                "untaught",
                "accuracy",
                "NLL",
                "Brier",
                "ECE",
                "agreement"));
        for (Study.Answer answer : answers) {
            Score taught = answer.taught();
            boolean scored = taught.rows() > 0;
            lines.add(String.format(
                    Locale.ROOT,
                    "%-" + width + "s  %9d  %9d  %8d  %9s  %6s  %6s  %6s  %9s",
                    answer.whatIf().words(),
                    answer.steps(),
                    answer.differing(),
                    answer.untaught(),
                    scored ? Words.percent(taught.accuracy()) : Words.NONE,
                    scored ? Words.decimals(taught.negativeLogLikelihood(), 3) : Words.NONE,
                    scored ? Words.decimals(taught.brier(), 3) : Words.NONE,
                    scored ? Words.decimals(taught.calibrationError(), 3) : Words.NONE,
                    Words.percent(answer.agreement())));
        }
        lines.add("The target that is for everybody, on the training batches and their mixed labels.");
        answers.forEach(answer -> besides(answer, lines));
        return lines;
    }

    /** What does not fit into a row: where the teacher was not known, and how good it was on the test images. */
    private static void besides(Study.Answer answer, List<String> lines) {
        answer.unknownFrom()
                .ifPresent(step -> lines.add(answer.whatIf().words() + ": " + Words.count(answer.unknown(), "step")
                        + " from step " + step + " on could not be looked at: the teacher is trained, and what it"
                        + " learned from before is not all there."));
        if (!answer.tested().isEmpty()) {
            StringBuilder line =
                    new StringBuilder("On the test images, " + answer.whatIf().words() + ":");
            answer.tested()
                    .forEach(t -> line.append("  step ")
                            .append(t.step())
                            .append(' ')
                            .append(Words.percent(t.score().accuracy())));
            lines.add(line.toString());
        }
    }

    private static ObjectNode json(String run, List<Study.Answer> answers) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("run", run).put("note", OPEN_LOOP);
        ArrayNode all = json.putArray("scenarios");
        for (Study.Answer answer : answers) {
            ObjectNode one = all.addObject()
                    .put("what_if", answer.whatIf().words())
                    .put("method", answer.whatIf().method().name())
                    .put("steps", answer.steps())
                    .put("steps_differing", answer.differing())
                    .put("steps_untaught", answer.untaught())
                    .put("steps_unknown", answer.unknown());
            if (answer.taught().rows() > 0) {
                score(one.putObject("taught"), answer.taught());
            } else {
                one.putNull("taught");
            }
            answer.agreement().ifPresentOrElse(a -> one.put("agreement", a), () -> one.putNull("agreement"));
            ArrayNode tested = one.putArray("tested");
            answer.tested().forEach(t -> score(tested.addObject().put("step", t.step()), t.score()));
        }
        return json;
    }

    private static void score(ObjectNode json, Score score) {
        json.put("rows", score.rows())
                .put("accuracy", score.accuracy())
                .put("nll", score.negativeLogLikelihood())
                .put("brier", score.brier())
                .put("ece", score.calibrationError());
    }
}
