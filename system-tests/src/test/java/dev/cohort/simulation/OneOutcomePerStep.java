package dev.cohort.simulation;

import dev.cohort.coordinator.Coordinator;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Outcome;
import java.util.List;
import java.util.Optional;

/** A coordinator proposes an outcome only for the step after the one it applied last. */
final class OneOutcomePerStep implements Invariant {
    private final Simulation simulation;

    OneOutcomePerStep(Simulation simulation) {
        this.simulation = simulation;
    }

    @Override
    public void worked(SimulatedProcess process, List<Message> sent) {
        for (Message message : sent) {
            if (message instanceof Outcome outcome) {
                Optional<Coordinator> coordinator =
                        Optional.ofNullable(simulation.coordinators().get(process.name()));
                long open = coordinator.orElseThrow().applied() + 1;
                require(
                        outcome.step() == open,
                        "{} proposes an outcome of step {} while step {} is open",
                        process.name(),
                        outcome.step(),
                        open);
            }
        }
    }
}
