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
import dev.cohort.study.view.Columns;
import dev.cohort.study.view.Words;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;

/**
 * Reports the targets that other teachers would have made from the predictions of a run.
 *
 * @param run its id
 * @param answers of the recorded settings first, then of each scenario
 * @param studiable which steps could be computed
 */
public record Scenarios(String run, List<Study.Answer> answers, Studiable studiable) {
    private static final String OPEN_LOOP =
            "Open loop: how the students would have developed under other targets is not part of this answer.";

    /**
     * Parses the values of {@code --what-if}.
     *
     * @throws CommandException if a method or its parameters are invalid
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
     * Computes all scenarios in one pass over the log.
     *
     * @param progress takes every step
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
        // Another method is computed over all steps, including those that a fork took over from its parent.
        Manifest manifest = asTaught ? opened.manifest() : opened.manifest().forkedFrom(Optional.empty());
        return RunTeacher.of(manifest, opened.experiment().withMethod(whatIf.method()));
    }

    /** Text, by lines. */
    public List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.add("Run " + run + ". " + OPEN_LOOP);
        int width = answers.stream()
                .mapToInt(a -> a.whatIf().words().length())
                .max()
                .orElse(0);
        Columns columns = Columns.apart(2)
                .left(width)
                .right(9)
                .right(9)
                .right(8)
                .right(9)
                .right(6)
                .right(6)
                .right(6)
                .right(9);
        lines.add(
                columns.row("what if", "steps", "differ", "untaught", "accuracy", "NLL", "Brier", "ECE", "agreement"));
        for (Study.Answer answer : answers) {
            Score taught = answer.taught();
            boolean scored = taught.rows() > 0;
            lines.add(columns.row(
                    answer.whatIf().words(),
                    Long.toString(answer.steps()),
                    Long.toString(answer.differing()),
                    Long.toString(answer.untaught()),
                    scored ? Words.percent(taught.accuracy()) : Words.NONE,
                    scored ? Words.decimals(taught.negativeLogLikelihood(), 3) : Words.NONE,
                    scored ? Words.decimals(taught.brier(), 3) : Words.NONE,
                    scored ? Words.decimals(taught.calibrationError(), 3) : Words.NONE,
                    Words.percent(answer.agreement())));
        }
        lines.add("Scores of the target for all peers, on the training batches and their mixed labels.");
        answers.forEach(answer -> besides(answer, lines));
        return lines;
    }

    /** Lines below the table: from which step the teacher is unknown, and its accuracy on the test images. */
    private static void besides(Study.Answer answer, List<String> lines) {
        answer.unknownFrom()
                .ifPresent(step -> lines.add(answer.whatIf().words() + ": " + Words.count(answer.unknown(), "step")
                        + " from step " + step + " on could not be computed: the teacher is trained, and part of what"
                        + " it learned from is missing."));
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
