package dev.cohort.simulation;

import dev.cohort.peer.CheckpointStore.Checkpoint;
import dev.cohort.peer.Learner;
import dev.cohort.peer.Peer;
import dev.cohort.protocol.Addressed;
import dev.cohort.protocol.Admitted;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.TensorPiece;
import dev.cohort.protocol.Topic;
import dev.cohort.simulation.SimulatedLog.Partition;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A fresh process with any checkpoint of a peer, or none, and the log ends with the weights of the peer; a
 * newcomer that began at the head begins at the step that the peer published.
 */
final class ReplayFromAnyCheckpointGivesTheSameWeights implements Invariant {
    @Override
    public void ended(Simulation simulation) {
        for (PeerProcess peer : simulation.peers()) {
            // A peer that is refused a seat trains until it reads the refusal.
            boolean refused = peer.peer()
                    .flatMap(Peer::left)
                    .filter(l -> l.reason().startsWith("refused"))
                    .isPresent();
            if (peer.exited() && !refused) {
                long last = peer.peer().orElseThrow().status().step();
                List<Checkpoint> checkpoints = peer.checkpoints().all().stream()
                        .filter(c -> c.step() <= last)
                        .toList();
                if (!checkpoints.isEmpty()) {
                    int any = (int) (simulation.scenario().seed() % checkpoints.size());
                    replay(simulation, peer, MemoryCheckpoints.of(checkpoints.get(Math.abs(any))));
                }
                replay(simulation, peer, new MemoryCheckpoints());
            }
        }
    }

    private void replay(Simulation simulation, PeerProcess peer, MemoryCheckpoints from) {
        long last = peer.peer().orElseThrow().status().step();
        Learner learner = simulation.parts().learner(peer.plan());
        Peer again = simulation.parts().peer(peer.plan(), peer.incarnation(), learner, from);
        long nowMs = 0;
        List<Message> messages = messages(simulation.log(), peer, last);
        if (peer.plan().role() == PeerPlan.Role.HEAD_NEWCOMER && from.newest().isEmpty()) {
            messages.removeIf(Admitted.class::isInstance);
            seat(peer).ifPresent(seat -> messages.add(0, seat));
        }
        for (Message message : messages) {
            again.onMessage(message, nowMs);
            while (again.nextDeadlineMs() <= nowMs) {
                again.onDeadline(nowMs);
            }
            nowMs++;
        }
        require(
                learner.weights().equals(peer.learner().orElseThrow().weights()),
                "{} replayed from step {} to step {} (of {}) has other weights than it ended with",
                peer.id(),
                from.newest().map(Checkpoint::step).orElse(0L),
                again.status().step(),
                last);
    }

    private static Optional<Admitted> seat(PeerProcess peer) {
        long firstStep = peer.peer()
                .flatMap(Peer::left)
                .flatMap(Left::result)
                .orElseThrow()
                .firstStep();
        return peer.slot().map(slot -> new Admitted(peer.id(), peer.incarnation(), slot, firstStep, ""));
    }

    /** What training reads, partition after partition: another order than it had in the run. */
    private static List<Message> messages(SimulatedLog log, PeerProcess peer, long last) {
        List<Message> messages = new ArrayList<>();
        for (Topic topic : List.of(Topic.OUTCOMES, Topic.BATCHES, Topic.MEMBERS)) {
            messages.addAll(log.messages(new Partition(topic, "")));
        }
        for (Topic topic : List.of(Topic.ADDRESSED, Topic.GRADIENTS)) {
            peer.slot().ifPresent(slot -> messages.addAll(log.messages(new Partition(topic, Integer.toString(slot)))));
        }
        messages.removeIf(m -> stepOf(m) > last);
        return messages;
    }

    private static long stepOf(Message message) {
        if (message instanceof Batch batch) {
            return batch.step();
        } else if (message instanceof Outcome outcome) {
            return outcome.step();
        } else if (message instanceof Addressed part) {
            return part.step();
        } else if (message instanceof TensorPiece piece) {
            return piece.step();
        }
        return 0;
    }
}
