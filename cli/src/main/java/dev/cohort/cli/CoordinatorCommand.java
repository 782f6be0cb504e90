package dev.cohort.cli;

import dev.cohort.coordinator.process.CoordinatorProcess;
import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A coordinator in this process. */
@Command(
        name = "coordinator",
        mixinStandardHelpOptions = true,
        description = "A coordinator of a run in this process: builds the teacher.")
final class CoordinatorCommand implements Callable<Integer> {
    @Mixin
    private RoleTarget target = new RoleTarget();

    @Option(
            names = "--name",
            paramLabel = "NAME",
            description = "Its name, in outcomes and for people. Default: coordinator, or standby.")
    private Optional<String> name = Optional.empty();

    @Option(
            names = "--standby",
            description = "Follow the log beside the coordinator of the run, and lead when it falls silent.")
    private boolean standby;

    @Option(
            names = "--patience-ms",
            paramLabel = "MS",
            description = "How long something due may stay unsaid before a standby says it. Default: ${DEFAULT-VALUE}.")
    private long patienceMs = 1_500;

    @Override
    public Integer call() {
        if (patienceMs < 1) {
            throw new CommandException(ExitCode.USAGE, "--patience-ms " + patienceMs + ": must be at least 1");
        }
        return standby
                ? CoordinatorProcess.standBy(target.options(name.orElse("standby"), 1), patienceMs)
                        .code()
                : CoordinatorProcess.run(target.options(name.orElse("coordinator"), 1))
                        .code();
    }
}
