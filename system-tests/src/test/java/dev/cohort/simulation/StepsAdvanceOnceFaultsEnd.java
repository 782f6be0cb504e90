package dev.cohort.simulation;

import dev.cohort.peer.Peer;
import dev.cohort.protocol.Command;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Topic;
import java.util.List;
import java.util.Optional;

/**
 * After the last fault, the run comes to its end: every batch has an outcome and every remaining peer trains to
 * the last one.
 */
final class StepsAdvanceOnceFaultsEnd implements Invariant {
    private final LogView log;

    StepsAdvanceOnceFaultsEnd(LogView log) {
        this.log = log;
    }

    @Override
    public void ended(Simulation simulation) {
        List<PeerId> stuck = simulation.peers().stream()
                .filter(p -> !p.done())
                .map(PeerProcess::id)
                .toList();
        require(
                stuck.isEmpty() && log.lastStep().isPresent(),
                "peers {} are stuck; {} batches have an outcome, the last step is {}; coordinators: {}",
                stuck,
                log.closed(),
                log.lastStep(),
                simulation.coordinators().values().stream()
                        .map(c -> c.status(0).waitingBecause())
                        .toList());
        if (!commands(simulation, Command.Kind.ABORT).isEmpty()) {
            allGaveUp(simulation);
            return;
        }
        long last = log.lastStep().orElseThrow();
        boolean stopped = !commands(simulation, Command.Kind.STOP).isEmpty();
        require(stopped || last == simulation.scenario().steps(), "the run ends early: after step {}", last);
        require(log.closed() == last, "{} batches have an outcome, the last step is {}", log.closed(), last);
        for (PeerProcess peer : simulation.peers()) {
            if (!peer.killed()) {
                cameToTheEnd(simulation, peer, last);
            }
        }
    }

    private void allGaveUp(Simulation simulation) {
        for (PeerProcess peer : simulation.peers()) {
            Optional<Left> left = peer.peer().flatMap(Peer::left);
            boolean known = peer.killed()
                    || left.filter(l -> l.reason().startsWith("aborted")
                                    || l.divergence().isPresent()
                                    || mayStopEarly(simulation, peer, l))
                            .isPresent();
            require(known, "{} left a run that was given up: {}", peer.id(), left);
        }
    }

    private void cameToTheEnd(Simulation simulation, PeerProcess peer, long last) {
        Left left = peer.peer().flatMap(Peer::left).orElseThrow();
        long trained = left.result().orElseThrow().stepsTrained();
        require(
                mayStopEarly(simulation, peer, left) || (left.reason().equals(Left.FINISHED) && trained == last),
                "{} left after step {} of {}: {}",
                peer.id(),
                trained,
                last,
                left.reason());
    }

    private static boolean mayStopEarly(Simulation simulation, PeerProcess peer, Left left) {
        // A drain applies to the start that was present, not to one that joins again later.
        boolean drained = !peer.cameBack()
                && commands(simulation, Command.Kind.DRAIN).stream()
                        .anyMatch(c -> c.peer().equals(Optional.of(peer.id())));
        // A peer that was set aside for its lies is not admitted again when it restarts.
        boolean setAside = peer.plan().lies().isPresent() && left.reason().contains("set aside");
        // Nor is one whose seat was given to another peer meanwhile.
        boolean noSeat =
                (!peer.plan().named() || peer.cameBack()) && left.reason().contains("no seat");
        boolean diverged = peer.diverged() && left.divergence().isPresent();
        return drained || setAside || noSeat || diverged;
    }

    private static List<Command> commands(Simulation simulation, Command.Kind kind) {
        return simulation.log().all(Topic.CONTROL, Command.class).stream()
                .filter(c -> c.kind() == kind)
                .toList();
    }
}
