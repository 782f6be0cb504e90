package dev.cohort.cli;

import dev.cohort.coordinator.process.CoordinatorProcess;
import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Runs a coordinator in this process. */
@Command(
        name = "coordinator",
        mixinStandardHelpOptions = true,
        description = "Run a coordinator of a run, which builds the teacher.",
        footer = {
            "    cohort coordinator --run RUN --bootstrap HOST:PORT",
            "    cohort coordinator --standby --run RUN --bootstrap HOST:PORT"
        },
        exitCodeList = {
            ExitText.OK,
            ExitText.FAILED,
            ExitText.USAGE,
            ExitText.LEFT,
            ExitText.UNAVAILABLE,
            ExitText.BUG,
            ExitText.FILE,
            ExitText.ORPHANED
        })
final class CoordinatorCommand implements Callable<Integer> {
    @Mixin
    private RoleTarget target = new RoleTarget();

    @Option(
            names = "--name",
            paramLabel = "NAME",
            description = "Name of this coordinator in outcomes and logs. Default: coordinator, or standby.")
    private Optional<String> name = Optional.empty();

    @Option(
            names = "--standby",
            description = "Follow the log beside the active coordinator and lead when the active one falls silent.")
    private boolean standby;

    @Option(
            names = "--patience-ms",
            paramLabel = "MS",
            description = "How long an outcome may be overdue before a standby leads. Default: ${DEFAULT-VALUE}.")
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
