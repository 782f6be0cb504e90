package dev.cohort.simulation;

import dev.cohort.peer.Peer;
import dev.cohort.protocol.Left;

/** The weights a peer names when it leaves are those it has. */
final class LastWordsAreTrue implements Invariant {
    @Override
    public void ended(Simulation simulation) {
        for (PeerProcess peer : simulation.peers()) {
            if (peer.exited()) {
                Left left = peer.peer().flatMap(Peer::left).orElseThrow();
                require(
                        left.result()
                                .orElseThrow()
                                .weights()
                                .equals(peer.learner().orElseThrow().weights()),
                        "{} left with other weights than it says",
                        peer.id());
            }
        }
    }
}
