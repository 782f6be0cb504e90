package dev.cohort.cli;

import dev.cohort.launch.CommandName;
import dev.cohort.launch.Interruption;
import dev.cohort.launch.compare.ComparedRuns;
import dev.cohort.launch.compare.Comparison;
import dev.cohort.launch.compare.ComparisonDirectory;
import dev.cohort.launch.compare.ComparisonPlan;
import dev.cohort.launch.compare.ComparisonReport;
import dev.cohort.launch.compare.LearnedReport;
import dev.cohort.launch.compare.LearnedTable;
import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import dev.cohort.study.view.OutputFormat;
import dev.cohort.study.view.Streams;
import dev.cohort.study.view.Words;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Compares methods over several seeds. */
@Command(
        name = "compare",
        mixinStandardHelpOptions = true,
        description = {
            "Compare methods over several seeds on equal terms.",
            "Runs every variant with every seed, one run after the other: same data, same batches,"
                    + " same students, same budget. Writes a table and a chart with the spread over seeds."
                    + " With --table: tabulates finished runs."
        },
        footer = {
            "    cohort compare experiments/compare-quickstart.yaml",
            "    cohort compare a.yaml b.yaml --seeds 1,2,3 --set run.epochs=5",
            "    cohort compare --resume",
            "    cohort compare --table RUN RUN"
        })
final class CompareCommand implements Callable<Integer> {
    private static final int INTERRUPTED = 130;

    @Parameters(
            arity = "0..*",
            paramLabel = "EXPERIMENT.yaml",
            description = "Comparison file, or experiment files. With --resume: directory of the comparison. With"
                    + " --table: runs.")
    private List<Path> files = new ArrayList<>();

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "Set a key of every variant's experiment, such as run.steps=200, or of the comparison,"
                    + " such as variants.0.name=alone. Repeatable.")
    private List<String> settings = new ArrayList<>();

    @Option(
            names = "--seeds",
            split = ",",
            paramLabel = "N",
            description = "Seeds, such as 1,2,3. Default: those in the file, else 1,2,3.")
    private List<Long> seeds = new ArrayList<>();

    @Option(
            names = "--dir",
            paramLabel = "DIR",
            description = "New or empty directory for the comparison. Default: <runs>/<time>-compare-<name>.")
    private Optional<Path> directory = Optional.empty();

    @Mixin
    private RunsFolder runs = new RunsFolder();

    @Option(
            names = "--resume",
            description = "Continue a stopped comparison: the one named, or the newest. Finished runs are kept.")
    private boolean resume;

    @Option(
            names = "--table",
            description = "Start no run. Tabulate finished runs: single networks, ensembles of k networks,"
                    + " distilled and self-distilled networks. The directory of a comparison stands for all"
                    + " its runs.")
    private boolean table;

    @Mixin
    private ResultOptions output = new ResultOptions();

    @Override
    public Integer call() {
        if (table) {
            new LearnedReport(LearnedTable.of(files, runs.path())).print(output.format(), System.out);
            return ExitCode.OK.code();
        }
        try (Interruption interruption = Interruption.listen();
                ComparisonDirectory open = resume ? resumed() : begun()) {
            Comparison comparison = open.planned();
            ComparedRuns all = new ComparedRuns(open, comparison, interruption, output::screen);
            boolean whole = all.run(() -> ComparisonReport.write(open, comparison));
            ComparisonReport report = ComparisonReport.write(open, comparison);
            if (!whole) {
                System.err.println(
                        "cohort: stopped after " + report.summary().rows().size() + " of "
                                + report.summary().planned()
                                + " runs. Continue with:  "
                                + CommandName.line("compare --resume " + Words.shell(open.path())));
                System.err.flush();
                return INTERRUPTED;
            }
            return conclude(open, report, all.failures());
        }
    }

    private ComparisonDirectory begun() {
        ComparisonPlan plan = ComparisonPlan.of(files, settings, seeds, runs.path());
        ComparisonDirectory fresh = directory
                .map(ComparisonDirectory::createAt)
                .orElseGet(() -> ComparisonDirectory.create(
                        runs.path(), plan.comparison().name(), LocalDateTime.now(ZoneOffset.UTC)));
        fresh.plan(plan.comparison(), plan.given(), plan.experiments());
        return fresh;
    }

    private ComparisonDirectory resumed() {
        if (!settings.isEmpty() || !seeds.isEmpty() || files.size() > 1) {
            throw new CommandException(
                    ExitCode.USAGE,
                    "--resume: a comparison continues as it was planned; name its directory only, without settings or"
                            + " seeds");
        }
        return ComparisonDirectory.resume(
                runs.path(), directory.or(() -> files.stream().findFirst()));
    }

    private int conclude(ComparisonDirectory open, ComparisonReport report, List<String> failures) {
        if (!output.quiet()) {
            PrintStream out = Streams.of(output.format());
            report.lines().forEach(out::println);
            out.println("Picture and tables: " + open.path().resolve("comparison.html"));
        }
        if (output.format() == OutputFormat.json) {
            System.out.println(report.json());
        }
        System.out.flush();
        if (failures.isEmpty()) {
            return ExitCode.OK.code();
        }
        failures.forEach(f -> System.err.println("cohort: " + f));
        System.err.println(
                "cohort: repeat these runs with:  " + CommandName.line("compare --resume " + Words.shell(open.path())));
        return ExitCode.FAILED.code();
    }
}
