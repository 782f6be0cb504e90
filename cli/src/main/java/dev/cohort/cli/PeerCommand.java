package dev.cohort.cli;

import dev.cohort.launch.Incarnations;
import dev.cohort.launch.RunPlace;
import dev.cohort.peer.process.PeerProcess;
import dev.cohort.protocol.PeerId;
import dev.cohort.study.retrain.RunParts;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Runs a peer of the experiment in this process. */
@Command(
        name = "peer",
        mixinStandardHelpOptions = true,
        description = {"Run a peer that the experiment names.", "Use 'cohort join' for any other peer."},
        footer = "    cohort peer --run RUN --peer p1 --bootstrap HOST:PORT",
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
final class PeerCommand implements Callable<Integer> {
    @Mixin
    private RoleTarget target = new RoleTarget();

    @Mixin
    private DataPathOption data = new DataPathOption();

    @Mixin
    private CodeOption code = new CodeOption();

    @Option(names = "--peer", required = true, paramLabel = "ID", description = "Id of the peer in the experiment.")
    private String peer = "";

    @Option(
            names = "--incarnation",
            paramLabel = "N",
            description = "Number of this start of the peer, from 1. Default: one more than the log shows.")
    private Optional<Long> incarnation = Optional.empty();

    @Override
    public Integer call() {
        PeerId id = new PeerId(peer);
        RunPlace place = target.place();
        long start = incarnation.isPresent() ? incarnation.get() : Incarnations.next(place.address(), place.id(), id);
        return PeerProcess.run(
                        target.options(place, id.value(), start),
                        new RunParts(),
                        Optional.empty(),
                        PeerProcess.Start.BEGINNING,
                        data.path(),
                        code.access())
                .code();
    }
}
