package dev.cohort.simulation;

import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.Prediction;
import dev.cohort.simulation.SimulatedLog.Entry;
import dev.cohort.tensor.Ints;

/** Every contributor rendered the same batch, has its own seat, and published readable numbers of the right shape. */
final class NothingRejectedIsAveraged implements Invariant {
    private final LogView log;
    private final Scenario scenario;

    NothingRejectedIsAveraged(LogView log, Scenario scenario) {
        this.log = log;
        this.scenario = scenario;
    }

    @Override
    public void appended(Entry entry) {
        if (entry.message() instanceof Outcome outcome) {
            int slot = -1;
            for (Outcome.Contributor named : outcome.contributors()) {
                require(named.slot() > slot, "slots of outcome {} do not ascend: {}", outcome.step(), named);
                slot = named.slot();
                require(mayContribute(named), "{} contributes to outcome {}", named.peer(), outcome.step());
                check(
                        log.batch(outcome.step()).orElseThrow(),
                        log.prediction(outcome.step(), named.peer()).orElseThrow(),
                        named);
            }
        }
    }

    private boolean mayContribute(Outcome.Contributor named) {
        return scenario.peers().stream().anyMatch(p -> p.id().equals(named.peer()) && !p.observer());
    }

    private void check(Batch batch, Prediction prediction, Outcome.Contributor named) {
        require(
                prediction.flaw().isEmpty(),
                "{} published an unreadable prediction at step {} and is averaged",
                named.peer(),
                batch.step());
        require(
                prediction.rendered().equals(batch.digest(named.slot())),
                "{} rendered other images than batch {} and is averaged",
                named.peer(),
                batch.step());
        Ints shape = Ints.of(batch.rows(), batch.labels().classes());
        require(prediction.logits().shape().equals(shape), "{} of {} is averaged", prediction.logits(), named.peer());
    }
}
