package dev.cohort.simulation;

import dev.cohort.coordinator.Coordinator;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Outcome;
import java.util.List;
import java.util.Optional;

/** A coordinator speaks of the step after the one it applied last, and of no other; it never goes back. */
final class OneOutcomePerStep implements Invariant {
    private final Simulation simulation;

    OneOutcomePerStep(Simulation simulation) {
        this.simulation = simulation;
    }

    @Override
    public void worked(SimulatedProcess process, List<Message> said) {
        for (Message message : said) {
            if (message instanceof Outcome outcome) {
                Optional<Coordinator> coordinator =
                        Optional.ofNullable(simulation.coordinators().get(process.name()));
                long open = coordinator.orElseThrow().applied() + 1;
                require(
                        outcome.step() == open,
                        "{} says an outcome of step {} while step {} is open",
                        process.name(),
                        outcome.step(),
                        open);
            }
        }
    }
}
