package dev.cohort.simulation;

import dev.cohort.experiment.Experiment;
import java.util.List;

/** Variants of scenarios. */
final class Variants {
    private Variants() {}

    /** The same run with other membership rules and other faults. */
    static Scenario of(Scenario drawn, Experiment.Elastic elastic, List<Fault> faults) {
        Experiment e = drawn.experiment();
        Experiment varied = new Experiment(
                e.run(),
                e.data(),
                e.augment(),
                e.mix(),
                e.method(),
                e.optimizer(),
                e.peers(),
                e.pace(),
                elastic,
                e.wire(),
                e.recording(),
                e.kafka(),
                e.threads());
        return new Scenario(
                drawn.seed(),
                varied,
                drawn.data(),
                drawn.hidden(),
                drawn.peers(),
                drawn.second(),
                drawn.predictionPartitions(),
                drawn.weather(),
                faults,
                drawn.faultsEndMs());
    }
}
