package dev.cohort.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cohort.runtime.ExitCode;
import dev.cohort.study.WhatIf;
import dev.cohort.study.report.DynamicsTable;
import dev.cohort.study.report.OpenRun;
import dev.cohort.study.report.Scenarios;
import dev.cohort.study.report.Studiable;
import dev.cohort.study.report.StudiedRun;
import dev.cohort.study.report.TableRequest;
import dev.cohort.study.view.OutputFile;
import dev.cohort.study.view.OutputFormat;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.LongConsumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Computes what other teachers would have taught from recorded predictions. */
@Command(
        name = "replay",
        mixinStandardHelpOptions = true,
        description = {
            "Ask what other teachers would have taught; query or export a run.",
            "Computes the targets of other teachers from the recorded predictions. Trains teachers"
                    + " but no students: how students would react is not part of the answer (open loop)."
        },
        footer = {
            "    cohort replay RUN --what-if method=dml,temperature=2 --what-if without=p2",
            "    cohort replay RUN --report report.html",
            "    cohort replay RUN --sql 'select peer, avg(loss) from predictions group by peer'"
        })
final class ReplayCommand implements Callable<Integer> {
    @Mixin
    private RecordedRun run = new RecordedRun();

    @Option(
            names = "--what-if",
            paramLabel = "KEY=VALUE,...",
            description = "A scenario: method=NAME with its parameters, without=p2, only=p1+p3, quorum=N,"
                    + " deadline_ms=N. Repeatable; one pass over the log answers all scenarios.")
    private List<String> scenarios = new ArrayList<>();

    @Option(
            names = "--dynamics",
            description = "Show how accurate and how different the peers are over time, alone and together; who"
                    + " teaches whom; who is late; and which images are learned and forgotten.")
    private boolean dynamics;

    @Option(
            names = "--report",
            paramLabel = "FILE",
            description = "Write the dynamics, and the scenarios if any, as one self-contained HTML page.")
    private Optional<Path> report = Optional.empty();

    @Mixin
    private TableOptions tables = new TableOptions();

    @Mixin
    private FormatOption output = new FormatOption();

    @Mixin
    private ProgressOption progress = new ProgressOption();

    @Override
    public Integer call() {
        try (OpenRun opened = run.open()) {
            boolean others = dynamics || report.isPresent() || tables.asked();
            boolean asked = !scenarios.isEmpty() || !others;
            List<WhatIf> whatIfs = asked ? Scenarios.parse(scenarios, opened.experiment()) : List.of();
            Optional<OutputFile> page = report.map(path -> OutputFile.of("--report", path));
            TableRequest request = tables.request();
            request.makeFolders();
            LongConsumer steps = progress.lines().steps("", opened.manifest().steps());
            ObjectNode json = JsonNodeFactory.instance
                    .objectNode()
                    .put("run", opened.log().runId());
            Optional<Scenarios> answered = asked ? Optional.of(Scenarios.of(opened, whatIfs, steps)) : Optional.empty();
            answered.ifPresent(a -> json.setAll(a.json()));
            Optional<StudiedRun> studied =
                    dynamics || report.isPresent() ? Optional.of(StudiedRun.of(opened, steps)) : Optional.empty();
            studied.filter(s -> dynamics).ifPresent(s -> json.setAll(s.json()));
            if (output.format() == OutputFormat.text) {
                answered.ifPresent(a -> a.lines().forEach(System.out::println));
                studied.filter(s -> dynamics).ifPresent(s -> DynamicsTable.print(s, System.out));
            }
            studied.ifPresent(s -> page.ifPresent(file -> write(file, s.html(answered), json)));
            json.setAll(request.answer(opened, output.format(), steps, System.out));
            studiable(opened, answered, studied).ifPresent(s -> {
                json.set("studiable", s.json());
                s.lines().forEach(System.err::println);
            });
            // A query of the tables has already printed its rows.
            if (output.format() == OutputFormat.json && (asked || dynamics || report.isPresent() || tables.writes())) {
                System.out.println(json);
            }
            return ExitCode.OK.code();
        }
    }

    private static Optional<Studiable> studiable(
            OpenRun opened, Optional<Scenarios> answered, Optional<StudiedRun> studied) {
        return answered.map(Scenarios::studiable)
                .or(() -> studied.map(StudiedRun::studiable))
                .or(() -> Studiable.afterReading(opened));
    }

    private void write(OutputFile file, String page, ObjectNode json) {
        file.write(page);
        json.put("report", file.path().toString());
        if (output.format() == OutputFormat.text) {
            System.out.println("The report of run " + json.path("run").asText() + " is in " + file.path() + ".");
        }
    }
}
