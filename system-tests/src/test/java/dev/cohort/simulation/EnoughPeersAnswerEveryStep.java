package dev.cohort.simulation;

import dev.cohort.protocol.Command;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.Topic;
import dev.cohort.simulation.SimulatedLog.Entry;

/** No step is closed before as many contributors have answered it as the experiment requires. */
final class EnoughPeersAnswerEveryStep implements Invariant {
    private final LogView log;
    private final Simulation simulation;

    EnoughPeersAnswerEveryStep(LogView log, Simulation simulation) {
        this.log = log;
        this.simulation = simulation;
    }

    /** When a run is stopped, steps in flight are closed with the peers that are present. */
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
