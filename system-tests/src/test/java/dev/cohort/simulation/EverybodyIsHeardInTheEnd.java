package dev.cohort.simulation;

import dev.cohort.experiment.Experiment.Elastic;
import dev.cohort.experiment.Experiment.Pace;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Topic;
import dev.cohort.simulation.SimulatedLog.Entry;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Lost peers that are back contribute again: a while after the last fault, the teacher is built from every peer that
 * has a seat, is honest, and is fast enough.
 */
final class EverybodyIsHeardInTheEnd implements Invariant {
    private static final long RECOVERY_MS = 3 * Scenario.DEADLINE_MS;
    /** The longest time that a peer cools down is as many times the shortest. */
    private static final long COOLDOWNS = 64;

    private final Simulation simulation;
    private final SortedMap<Long, List<PeerId>> owed = new TreeMap<>();

    EverybodyIsHeardInTheEnd(Simulation simulation) {
        this.simulation = simulation;
    }

    @Override
    public void appended(Entry entry) {
        // A peer that was lost often is not waited for yet.
        long coolingMs =
                COOLDOWNS * simulation.scenario().experiment().elastic().cooldownMs();
        long settledMs = simulation.scenario().faultsEndMs() + RECOVERY_MS + coolingMs;
        if (entry.message() instanceof Outcome outcome
                && outcome.resolution() instanceof Outcome.Targets
                && simulation.scenario().experiment().pace().completion() == Pace.Completion.ALL
                && simulation.time().nowMs() > settledMs
                && owed.putIfAbsent(outcome.step(), List.of()) == null) {
            List<PeerId> named = outcome.contributors().stream()
                    .map(Outcome.Contributor::peer)
                    .toList();
            for (PeerProcess peer : simulation.peers()) {
                boolean forged = simulation.forgeries().stream()
                        .anyMatch(f -> f.peer().equals(peer.id()) && f.step() == outcome.step());
                require(
                        forged || !isDue(peer) || named.contains(peer.id()),
                        "outcome {} is made without {}#{}, which is present",
                        outcome.step(),
                        peer.id(),
                        peer.incarnation());
            }
        }
    }

    private boolean isDue(PeerProcess peer) {
        boolean seated =
                peer.plan().role() == PeerPlan.Role.NAMED && peer.plan().lies().isEmpty();
        // A peer that was excluded for its lag must prove itself again.
        Elastic.Lag lag = simulation.scenario().experiment().elastic().lag();
        boolean mayBeExcluded = lag.maxSteps() > 0 && lag.policy() == Elastic.OnLag.EXCLUDE;
        boolean fast = 8 * peer.plan().computeMs() < Scenario.DEADLINE_MS;
        boolean there = peer.process().alive() && !peer.leaves();
        boolean drained = simulation.log().all(Topic.CONTROL, dev.cohort.protocol.Command.class).stream()
                .anyMatch(c -> c.peer().equals(java.util.Optional.of(peer.id())));
        return !mayBeExcluded && seated && fast && there && !drained;
    }
}
