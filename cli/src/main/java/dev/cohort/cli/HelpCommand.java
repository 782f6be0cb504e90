package dev.cohort.cli;

import dev.cohort.runtime.ExitCode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Shows the help of a command. */
@Command(
        name = "help",
        description = "Show the help of a command.",
        footer = {"    cohort help run", "    cohort help topic cat"})
final class HelpCommand implements Callable<Integer> {
    @ParentCommand
    private Cohort cohort = new Cohort();

    @Parameters(paramLabel = "COMMAND", description = "Command to describe. Default: list all commands.")
    private List<String> words = new ArrayList<>();

    @Override
    public Integer call() {
        CommandLine described = cohort.line();
        for (String word : words) {
            CommandLine line = described;
            described = Optional.ofNullable(line.getSubcommands().get(word))
                    .orElseThrow(() -> Mistyped.command(line, word));
        }
        described.usage(cohort.line().getOut());
        return ExitCode.OK.code();
    }
}
