package dev.cohort.simulation;

import dev.cohort.protocol.Admitted;
import dev.cohort.protocol.Command;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.PeerId;
import dev.cohort.simulation.SimulatedLog.Entry;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** A slot is given to another peer only once the previous one has left, was drained, or is dead. */
final class NoSeatIsTaken implements Invariant {
    private final Simulation simulation;
    private final SortedMap<Integer, PeerId> holders = new TreeMap<>();
    private final SortedMap<PeerId, Long> answered = new TreeMap<>();
    private final SortedMap<PeerId, Long> left = new TreeMap<>();
    private final SortedMap<PeerId, Long> admitted = new TreeMap<>();

    NoSeatIsTaken(Simulation simulation) {
        this.simulation = simulation;
        for (int slot = 0; slot < simulation.scenario().seats().size(); slot++) {
            holders.put(slot, simulation.scenario().seats().get(slot));
        }
    }

    @Override
    public void appended(Entry entry) {
        if (entry.message() instanceof Left leave) {
            left.merge(leave.peer(), leave.incarnation(), Math::max);
        } else if (entry.message() instanceof Command drain && drain.kind() == Command.Kind.DRAIN) {
            // A peer that is away cannot publish its leave, and is drained all the same.
            left.merge(drain.peer().orElseThrow(), drain.incarnation().orElse(Long.MAX_VALUE), Math::max);
        } else if (entry.message() instanceof Admitted answer && isFirst(answer) && !answer.refused()) {
            admitted.put(answer.peer(), answer.incarnation());
            boolean observer =
                    simulation.scenario().peers().stream().anyMatch(p -> p.id().equals(answer.peer()) && p.observer());
            if (!observer) {
                Optional<PeerId> before = Optional.ofNullable(holders.put(answer.slot(), answer.peer()))
                        .filter(p -> !p.equals(answer.peer()));
                before.ifPresent(p -> wasFree(answer, p));
            }
        }
    }

    private boolean isFirst(Admitted answer) {
        boolean first = answered.getOrDefault(answer.peer(), 0L) < answer.incarnation();
        answered.merge(answer.peer(), answer.incarnation(), Math::max);
        return first;
    }

    private void wasFree(Admitted answer, PeerId before) {
        boolean gone = left.getOrDefault(before, 0L) >= admitted.getOrDefault(before, 0L);
        boolean lives = simulation.peers().stream()
                .anyMatch(p -> p.id().equals(before) && p.process().alive() && !p.leaves());
        require(
                gone || !lives,
                "slot {} is given to {}, while {} lives and has not left",
                answer.slot(),
                answer.peer(),
                before);
    }
}
