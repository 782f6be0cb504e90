package dev.cohort.cli;

import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** Shows the topics of a run. */
@Command(
        name = "topic",
        mixinStandardHelpOptions = true,
        description = "Show the records of a run.",
        footer = "    cohort topic cat outcomes --last 5",
        subcommands = TopicCatCommand.class)
final class TopicCommand implements Callable<Integer> {
    @Override
    public Integer call() {
        throw new CommandException(ExitCode.USAGE, "topic: needs a command; use 'topic cat TOPIC'");
    }
}
