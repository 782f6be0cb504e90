package dev.cohort.simulation;

import dev.cohort.protocol.Command;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.Topic;
import dev.cohort.simulation.SimulatedLog.Entry;

/** No step is closed before as many contributors as the experiment asks for have answered it, well or badly. */
final class EnoughPeersAnswerEveryStep implements Invariant {
    private final LogView log;
    private final Simulation simulation;

    EnoughPeersAnswerEveryStep(LogView log, Simulation simulation) {
        this.log = log;
        this.simulation = simulation;
    }

    /** What is in flight when a run is stopped is closed with whoever is there. */
    private boolean stopped() {
        return simulation.log().all(Topic.CONTROL, Command.class).stream().anyMatch(c -> c.kind() == Command.Kind.STOP);
    }

    @Override
    public void appended(Entry entry) {
        if (entry.message() instanceof Outcome outcome
                && simulation.parts().teacher().distils()
                && !stopped()) {
            long answers = simulation.scenario().peers().stream()
                    .filter(p -> !p.observer())
                    .filter(p -> log.prediction(outcome.step(), p.id()).isPresent())
                    .count();
            int asked = simulation.scenario().experiment().elastic().min();
            require(answers >= asked, "outcome {} after {} answers, {} are asked for", outcome.step(), answers, asked);
        }
    }
}
