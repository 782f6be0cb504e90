package dev.cohort.cli;

import dev.cohort.launch.Asking;
import dev.cohort.protocol.Command.Kind;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Stops a run. */
@Command(
        name = "stop",
        mixinStandardHelpOptions = true,
        description = {
            "End a run after the batches in flight.",
            "Every peer trains the batches in flight, is tested, and leaves."
        },
        footer = {"    cohort stop", "    cohort stop --run RUN --bootstrap HOST:PORT"})
final class StopCommand implements Callable<Integer> {
    @Mixin
    private RunTarget target = new RunTarget();

    @Override
    public Integer call() {
        return Asking.ask(
                target.place(),
                new dev.cohort.protocol.Command(Kind.STOP, Optional.empty(), Asking.REASON),
                "is asked to stop; it ends after the batches in flight");
    }
}
