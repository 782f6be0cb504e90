package dev.cohort.cli;

import dev.cohort.launch.CommandName;
import dev.cohort.launch.Interruption;
import dev.cohort.launch.RunDirectory;
import dev.cohort.launch.RunHandle;
import dev.cohort.launch.compare.ComparedRuns;
import dev.cohort.launch.compare.Comparison;
import dev.cohort.launch.compare.ComparisonDirectory;
import dev.cohort.launch.compare.ComparisonPlan;
import dev.cohort.launch.compare.ComparisonReport;
import dev.cohort.launch.compare.LearnedReport;
import dev.cohort.launch.compare.LearnedTable;
import dev.cohort.launch.compare.Planned;
import dev.cohort.launch.compare.Row;
import dev.cohort.launch.compare.Summary;
import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import dev.cohort.study.FinalTest;
import dev.cohort.study.report.OpenRun;
import dev.cohort.study.view.OutputFormat;
import dev.cohort.study.view.RunsProgress;
import dev.cohort.study.view.Screen;
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

/** Several methods over several seeds. */
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
    /** Of a log: a comparison takes hours. */
    private static final long LINE_EVERY_MS = 30_000;

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

    @Option(
            names = "--format",
            description = "text, or json: print the result as one JSON object in the last line. Default: text.")
    private OutputFormat format = OutputFormat.text;

    @Option(names = "--quiet", description = "Print nothing but errors and, with --format json, the result.")
    private boolean quiet;

    @Override
    public Integer call() {
        if (table) {
            LearnedReport report = new LearnedReport(learned());
            if (format == OutputFormat.json) {
                System.out.println(report.json());
            } else {
                report.lines().forEach(System.out::println);
            }
            return ExitCode.OK.code();
        }
        try (Interruption interruption = Interruption.listen();
                ComparisonDirectory open = resume ? resumed() : begun()) {
            Comparison comparison = open.planned();
            ComparedRuns all = new ComparedRuns(open, comparison, interruption, this::screen);
            boolean whole = all.run(() -> write(open, comparison));
            Summary summary = write(open, comparison);
            if (!whole) {
                System.err.println("cohort: stopped after " + summary.rows().size() + " of " + summary.planned()
                        + " runs. Go on with:  "
                        + CommandName.line("compare --resume " + Words.shell(open.path())));
                System.err.flush();
                return INTERRUPTED;
            }
            return conclude(open, summary, all.failures());
        }
    }

    private LearnedTable learned() {
        if (files.isEmpty()) {
            throw new CommandException(
                    ExitCode.USAGE, "--table: names no run; give runs or directories of comparisons, by id or path");
        }
        List<LearnedTable.Source> sources = new ArrayList<>();
        for (Path file : files) {
            for (Path path : ComparisonDirectory.finished(file)) {
                RunDirectory directory = RunDirectory.find(runs.path(), Optional.of(path.toString()));
                try (OpenRun run = RunHandle.of(directory).open()) {
                    sources.add(new LearnedTable.Source(
                            String.valueOf(path.getFileName()),
                            run.manifest(),
                            run.experiment(),
                            FinalTest.of(
                                    run.log(),
                                    run.manifest().testLabels(),
                                    run.manifest().classes())));
                }
            }
        }
        return LearnedTable.of(sources);
    }

    private Screen screen(RunsProgress course) {
        if (quiet) {
            return Screen.quiet();
        }
        return Streams.terminal(format)
                ? Screen.terminal(Streams.raw(format), course)
                : Screen.lines(Streams.of(format), course, LINE_EVERY_MS);
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
                    "--resume: a comparison goes on as it was planned; name its directory alone, without settings or"
                            + " seeds");
        }
        return ComparisonDirectory.resume(
                runs.path(), directory.or(() -> files.stream().findFirst()));
    }

    private static Summary write(ComparisonDirectory open, Comparison comparison) {
        List<Planned> order = ComparisonDirectory.order(comparison);
        List<Row> rows = open.rows(comparison);
        List<String> names =
                comparison.variants().stream().map(Comparison.Variant::name).toList();
        Summary summary = new Summary(comparison.name(), names, rows, order.size());
        ComparisonReport report = report(open, summary);
        open.write("comparison.json", report.json() + "\n");
        open.write("comparison.csv", report.csv());
        open.write("comparison.html", report.html());
        return summary;
    }

    private static ComparisonReport report(ComparisonDirectory open, Summary summary) {
        return new ComparisonReport(summary, open.path().toString(), open.given());
    }

    private int conclude(ComparisonDirectory open, Summary summary, List<String> failures) {
        ComparisonReport report = report(open, summary);
        if (!quiet) {
            PrintStream out = Streams.of(format);
            report.lines().forEach(out::println);
            out.println("Picture and tables: " + open.path().resolve("comparison.html"));
        }
        if (format == OutputFormat.json) {
            System.out.println(report.json());
        }
        System.out.flush();
        if (failures.isEmpty()) {
            return ExitCode.OK.code();
        }
        failures.forEach(f -> System.err.println("cohort: " + f));
        System.err.println("cohort: these runs are begun anew by:  "
                + CommandName.line("compare --resume " + Words.shell(open.path())));
        return ExitCode.FAILED.code();
    }
}
