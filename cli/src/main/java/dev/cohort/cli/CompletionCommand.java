package dev.cohort.cli;

import dev.cohort.runtime.ExitCode;
import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParentCommand;

/** Prints completions of commands and options for a shell. */
@Command(
        name = "completion",
        description = {
            "Print a completion script for bash and zsh.",
            "Load the script in the start-up file of the shell."
        },
        footer = {"    cohort completion > ~/.cohort-completion", "    source ~/.cohort-completion"})
final class CompletionCommand implements Callable<Integer> {
    @ParentCommand
    private Cohort cohort = new Cohort();

    @Override
    public Integer call() {
        cohort.line().getOut().println(AutoComplete.bash("cohort", cohort.line()));
        return ExitCode.OK.code();
    }
}
