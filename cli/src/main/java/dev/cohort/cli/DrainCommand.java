package dev.cohort.cli;

import dev.cohort.launch.Asking;
import dev.cohort.launch.Incarnations;
import dev.cohort.launch.RunPlace;
import dev.cohort.protocol.PeerId;
import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Drains one peer. */
@Command(
        name = "drain",
        mixinStandardHelpOptions = true,
        description = {"Let a peer leave after its current step.", "The other peers continue without it at once."},
        footer = "    cohort drain p2")
final class DrainCommand implements Callable<Integer> {
    @Parameters(paramLabel = "PEER", description = "Id of the peer.")
    private String peer = "";

    @Mixin
    private RunTarget target = new RunTarget();

    @Override
    public Integer call() {
        PeerId id = new PeerId(peer);
        RunPlace place = target.place();
        long newest = Incarnations.newest(place, id);
        if (newest == 0) {
            throw new CommandException(
                    ExitCode.USAGE,
                    "peer " + id + ": has published nothing in run " + place.id() + "; 'cohort peers' lists the peers");
        }
        return Asking.ask(
                place,
                dev.cohort.protocol.Command.drain(id, newest, Asking.REASON),
                "lets peer " + id + " leave after its current step");
    }
}
