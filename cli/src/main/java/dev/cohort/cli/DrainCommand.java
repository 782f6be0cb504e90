package dev.cohort.cli;

import dev.cohort.protocol.Command.Kind;
import dev.cohort.protocol.PeerId;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Asks one peer to leave. */
@Command(
        name = "drain",
        mixinStandardHelpOptions = true,
        description = "Lets a peer leave a run after its current step; the others go on.")
final class DrainCommand implements Callable<Integer> {
    @Parameters(paramLabel = "PEER", description = "Id of the peer.")
    private String peer = "";

    @Mixin
    private RunTarget target = new RunTarget();

    @Override
    public Integer call() {
        return Asking.ask(
                target,
                Kind.DRAIN,
                Optional.of(new PeerId(peer)),
                "lets peer " + peer + " leave after its current step");
    }
}
