package dev.cohort.simulation;

import dev.cohort.peer.Peer;
import dev.cohort.protocol.Left;

/** The digest that a peer publishes when it leaves is that of its weights. */
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
                        "{} left with other weights than it published",
                        peer.id());
            }
        }
    }
}
