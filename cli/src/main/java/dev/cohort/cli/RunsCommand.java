package dev.cohort.cli;

import dev.cohort.launch.RunDirectory;
import dev.cohort.launch.RunSummary;
import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import dev.cohort.study.view.Words;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Lists or deletes the runs on this machine. */
@Command(
        name = "runs",
        mixinStandardHelpOptions = true,
        description = "List the runs on this machine, or delete some of them.",
        subcommands = RunsCommand.Remove.class,
        footer = {"    cohort runs", "    cohort runs rm 20260102-101500-quickstart"})
final class RunsCommand implements Callable<Integer> {

    @Mixin
    private RunsFolder runs = new RunsFolder();

    @Mixin
    private FormatOption output = new FormatOption();

    @Override
    public Integer call() {
        RunSummary.print(RunSummary.all(runs.path()), output.format(), System.out);
        return ExitCode.OK.code();
    }

    /** Deletes runs. */
    @Command(
            name = "rm",
            mixinStandardHelpOptions = true,
            description = {
                "Delete runs: their logs, checkpoints and reports.",
                "Asks first. A running run is not deleted."
            },
            footer = "    cohort runs rm 20260102-101500-quickstart --yes")
    static final class Remove implements Callable<Integer> {
        @Parameters(arity = "1..*", paramLabel = "RUN", description = "Id or directory of a run.")
        private List<String> named = List.of();

        @Mixin
        private RunsFolder runs = new RunsFolder();

        @Option(names = "--yes", description = "Do not ask.")
        private boolean yes;

        @Override
        public Integer call() {
            // All runs are found before the first is deleted, so that a mistyped name deletes nothing.
            List<Path> found = named.stream()
                    .map(run -> RunDirectory.find(runs.path(), Optional.of(run)).path())
                    .distinct()
                    .toList();
            List<RunSummary> all = found.stream().map(RunSummary::of).toList();
            for (RunSummary run : all) {
                if (run.state() == RunSummary.State.RUNNING) {
                    throw new CommandException(
                            ExitCode.USAGE, "run " + run.name() + ": is running; end it with 'cohort stop' first");
                }
            }
            long bytes = all.stream().mapToLong(RunSummary::bytes).sum();
            if (!yes && !agrees("Delete " + Words.count(all.size(), "run") + ", " + (bytes >> 20) + " MiB? [y/N] ")) {
                System.out.println("Nothing was deleted.");
                return ExitCode.OK.code();
            }
            for (RunSummary run : all) {
                run.delete();
                System.out.println("Deleted " + run.directory() + ".");
            }
            return ExitCode.OK.code();
        }

        private static boolean agrees(String question) {
            System.out.print(question);
            System.out.flush();
            try {
                BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
                Optional<String> answer = Optional.ofNullable(in.readLine());
                return answer.filter(a -> a.strip().toLowerCase(Locale.ROOT).matches("y|yes"))
                        .isPresent();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
