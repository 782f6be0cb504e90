package dev.cohort.simulation;

import dev.cohort.peer.Peer;
import dev.cohort.protocol.Left;
import dev.cohort.tensor.Digest;
import java.util.Optional;

/** Without distillation, the control peer and the first peer begin and end with equal weights, whatever happens to either. */
final class PeersWithTheSameHistoryEndWithTheSameWeights implements Invariant {
    @Override
    public void ended(Simulation simulation) {
        Scenario scenario = simulation.scenario();
        Optional<Digest> first = weights(simulation, "p1");
        Optional<Digest> control = weights(simulation, "control");
        boolean sameView = !scenario.ownViews();
        if (scenario.method().equals("independent") && sameView && first.isPresent() && control.isPresent()) {
            require(first.equals(control), "p1 ends with {}, control with {}", first, control);
        }
    }

    private static Optional<Digest> weights(Simulation simulation, String id) {
        return simulation.peers().stream()
                .filter(p -> p.id().value().equals(id) && p.exited())
                .findFirst()
                // A peer that diverged, or whose run was given up, has a shorter history.
                .filter(p -> p.peer()
                        .flatMap(Peer::left)
                        .filter(left -> left.reason().equals(Left.FINISHED))
                        .isPresent())
                .flatMap(PeerProcess::learner)
                .map(RecordingLearner::weights);
    }
}
