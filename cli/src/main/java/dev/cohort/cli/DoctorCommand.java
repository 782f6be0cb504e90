package dev.cohort.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cohort.coordinator.process.RunTeacher;
import dev.cohort.experiment.Experiment;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.session.RunSchedule;
import dev.cohort.study.diagnosis.Checkup;
import dev.cohort.study.diagnosis.Diagnosis;
import dev.cohort.study.diagnosis.Opinion;
import dev.cohort.study.report.OpenRun;
import dev.cohort.study.report.Studiable;
import dev.cohort.study.view.OutputFormat;
import dev.cohort.study.view.ProgressLines;
import dev.cohort.study.view.Words;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Says what is wrong with a run. */
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

    @Option(names = "--format", description = "text or json. Default: ${DEFAULT-VALUE}.")
    private OutputFormat format = OutputFormat.text;

    @Option(names = "--quiet", description = "Show no progress.")
    private boolean quiet;

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
                    new ProgressLines(System.err::println, quiet)
                            .steps("", opened.manifest().steps()));
            if (format == OutputFormat.json) {
                System.out.println(json(opened, report));
            } else {
                lines(opened.log().runId(), report).forEach(System.out::println);
            }
            return (report.healthy() ? ExitCode.OK : ExitCode.FAILED).code();
        }
    }

    /** Of this machine, where a run of its own directory and broker has its peers. */
    private static OptionalInt cores(OpenRun opened) {
        boolean here = opened.directory().isPresent()
                && opened.experiment().kafka().bootstrap().isEmpty();
        return here ? OptionalInt.of(Runtime.getRuntime().availableProcessors()) : OptionalInt.empty();
    }

    private static List<String> lines(String run, Checkup.Report report) {
        List<String> lines = new ArrayList<>();
        lines.add("Run " + run + ": " + Words.count(report.found().size(), "finding") + " in "
                + report.steps().sentence() + ".");
        for (Diagnosis diagnosis : report.found()) {
            lines.add("");
            lines.add(diagnosis.severity().name() + ": " + diagnosis.finding() + ".");
            lines.add("  " + diagnosis.evidence() + ".");
            lines.add("  " + diagnosis.setting() + ": " + diagnosis.advice() + ".");
        }
        List<String> well = new ArrayList<>();
        for (Opinion opinion : report.opinions()) {
            opinion.tooShort()
                    .ifPresent(why -> lines.add("Too short to judge the " + opinion.subject() + ": " + why + "."));
            if (opinion.tooShort().isEmpty() && opinion.found().isEmpty()) {
                well.add(opinion.subject());
            }
        }
        if (!well.isEmpty()) {
            lines.add("Nothing wrong: " + String.join(", ", well) + ".");
        }
        return lines;
    }

    private static ObjectNode json(OpenRun opened, Checkup.Report report) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("run", opened.log().runId()).put("healthy", report.healthy());
        ArrayNode findings = json.putArray("findings");
        for (Diagnosis diagnosis : report.found()) {
            findings.addObject()
                    .put("finding", diagnosis.finding())
                    .put("severity", diagnosis.severity().name().toLowerCase(Locale.ROOT))
                    .put("evidence", diagnosis.evidence())
                    .put("setting", diagnosis.setting())
                    .put("advice", diagnosis.advice());
        }
        ArrayNode well = json.putArray("nothing_wrong");
        ArrayNode tooShort = json.putArray("too_short_to_judge");
        for (Opinion opinion : report.opinions()) {
            opinion.tooShort()
                    .ifPresent(why -> tooShort.addObject()
                            .put("subject", opinion.subject())
                            .put("why", why));
            if (opinion.tooShort().isEmpty() && opinion.found().isEmpty()) {
                well.add(opinion.subject());
            }
        }
        json.set("studiable", Studiable.of(opened, report.steps()).json());
        return json;
    }
}
