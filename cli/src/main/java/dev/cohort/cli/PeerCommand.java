package dev.cohort.cli;

import dev.cohort.cli.role.PeerRole;
import dev.cohort.protocol.PeerId;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A peer that the experiment names, in this process. */
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
        long start =
                incarnation.isPresent() ? incarnation.get() : Incarnations.next(target.address(), target.run(), id);
        return PeerRole.run(target.options(id.value(), start), Optional.empty(), PeerRole.Start.BEGINNING, data.path())
                .code();
    }
}
