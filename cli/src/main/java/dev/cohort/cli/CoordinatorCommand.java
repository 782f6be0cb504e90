package dev.cohort.cli;

import dev.cohort.cli.role.CoordinatorRole;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A coordinator in this process. */
@Command(
        name = "coordinator",
        mixinStandardHelpOptions = true,
        description = "A coordinator of a run in this process: builds the teacher. A second one stands by.")
final class CoordinatorCommand implements Callable<Integer> {
    @Mixin
    private RoleTarget target = new RoleTarget();

    @Option(names = "--name", paramLabel = "NAME", description = "Its name, for people. Default: ${DEFAULT-VALUE}.")
    private String name = "coordinator";

    @Override
    public Integer call() {
        return CoordinatorRole.run(target.options(name, 1)).code();
    }
}
