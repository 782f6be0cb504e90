package dev.cohort.simulation;

import dev.cohort.coordinator.Coordinator;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Message;
import dev.cohort.simulation.SimulatedLog.Entry;
import java.util.List;

/** Batches run ahead of outcomes by at most the prefetch and the one in work, and no node keeps more than the open steps. */
final class InFlightIsBounded implements Invariant {
    /** Each is megabytes in a real run. */
    private static final int EVALUATIONS_MAX = 4;

    private final Simulation simulation;
    private final LogView log;

    InFlightIsBounded(Simulation simulation, LogView log) {
        this.simulation = simulation;
        this.log = log;
    }

    @Override
    public void appended(Entry entry) {
        if (entry.message() instanceof Batch batch) {
            long ahead = batch.step() - log.closed();
            require(
                    ahead <= Scenario.AHEAD_MAX,
                    "batch {} is {} steps ahead: at most {}",
                    batch.step(),
                    ahead,
                    Scenario.AHEAD_MAX);
        }
    }

    @Override
    public void worked(SimulatedProcess process, List<Message> sent) {
        Coordinator coordinator = simulation.coordinators().get(process.name());
        if (coordinator != null) {
            long open = log.batches().isEmpty() ? 0 : log.batches().lastKey() - coordinator.applied();
            require(
                    coordinator.stepsHeld() <= Math.max(open, Scenario.AHEAD_MAX),
                    "{} holds {} steps, only {} are open",
                    process.name(),
                    coordinator.stepsHeld(),
                    open);
            require(
                    coordinator.evaluationsHeld() <= EVALUATIONS_MAX,
                    "{} holds the evaluations of {} steps",
                    process.name(),
                    coordinator.evaluationsHeld());
        }
    }
}
