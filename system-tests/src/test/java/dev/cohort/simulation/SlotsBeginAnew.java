package dev.cohort.simulation;

import dev.cohort.coordinator.follow.SlotHistory;
import dev.cohort.protocol.Outcome;
import dev.cohort.simulation.SimulatedLog.Entry;
import dev.cohort.tensor.Ints;

/** An outcome renews exactly the slots from which another peer voted last, by the winning outcomes before it. */
final class SlotsBeginAnew implements Invariant {
    private final SlotHistory history = new SlotHistory();
    private long closed;

    @Override
    public void appended(Entry entry) {
        if (entry.message() instanceof Outcome outcome && outcome.step() > closed) {
            closed = outcome.step();
            Ints must = history.renewed(SlotHistory.contributors(outcome.contributors()));
            require(
                    outcome.renewed().equals(must),
                    "outcome {} of {} renews slots {}, but other peers than before vote from {}",
                    outcome.step(),
                    outcome.coordinator(),
                    outcome.renewed(),
                    must);
            history.add(SlotHistory.contributors(outcome.contributors()));
        }
    }
}
