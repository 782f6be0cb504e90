package dev.cohort.study.report;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cohort.coordinator.method.MethodCatalog;
import dev.cohort.coordinator.process.RunTeacher;
import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.Problems;
import dev.cohort.protocol.Manifest;
import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.session.RunSchedule;
import dev.cohort.study.Score;
import dev.cohort.study.Study;
import dev.cohort.study.WhatIf;
import dev.cohort.study.view.Words;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.LongConsumer;

/**
 * What other teachers would have made of the predictions of a run.
 *
 * @param run its id
 * @param answers of the settings it was recorded with, and then of each scenario
 * @param studiable which steps could be looked at
 */
public record Scenarios(String run, List<Study.Answer> answers, Studiable studiable) {
    private static final String OPEN_LOOP =
            "Open loop: what the students would have become under other targets is not part of this answer.";

    /**
     * Reads what {@code --what-if} said.
     *
     * @throws CommandException when a scenario cannot be
     */
    public static List<WhatIf> parse(List<String> scenarios, Experiment experiment) {
        List<WhatIf> whatIfs = new ArrayList<>(List.of(WhatIf.asRecorded(experiment.method())));
        scenarios.forEach(words -> whatIfs.add(checked(WhatIf.parse(words, experiment))));
        return whatIfs;
    }

    private static WhatIf checked(WhatIf whatIf) {
        Problems problems = new Problems();
        MethodCatalog.validate(whatIf.method(), problems, "method");
        if (!problems.none()) {
            throw new CommandException(
                    ExitCode.USAGE, "what-if " + whatIf.words() + ": " + String.join("; ", problems.found()));
        }
        return whatIf;
    }

    /**
     * Answers all of them in one pass over the log.
     *
     * @param progress told every step
     */
    public static Scenarios of(OpenRun opened, List<WhatIf> whatIfs, LongConsumer progress) {
        Study study = new Study(
                opened.log(),
                whatIfs,
                whatIf -> teacher(opened, whatIf),
                RunSchedule.learningRate(opened.manifest(), opened.experiment()),
                opened.manifest().testLabels(),
                opened.manifest().classes());
        List<Study.Answer> answers = study.answers(progress);
        return new Scenarios(opened.log().runId(), answers, Studiable.of(opened, study.studied()));
    }

    private static Teacher teacher(OpenRun opened, WhatIf whatIf) {
        boolean asTaught = whatIf.method().equals(opened.experiment().method());
        // Another method is asked about all steps, those that a fork took over included.
        Manifest manifest = asTaught ? opened.manifest() : opened.manifest().forkedFrom(Optional.empty());
        return RunTeacher.of(manifest, opened.experiment().withMethod(whatIf.method()));
    }

    /** For people. */
    public List<String> lines() {
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

    /** For programs. */
    public ObjectNode json() {
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
        json.set("studiable", studiable.json());
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
