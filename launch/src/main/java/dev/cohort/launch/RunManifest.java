package dev.cohort.launch;

import dev.cohort.augment.BatchPlan;
import dev.cohort.augment.data.ImageData;
import dev.cohort.experiment.Experiment;
import dev.cohort.peer.djl.ModelCatalog;
import dev.cohort.protocol.Manifest;
import dev.cohort.runtime.config.ExperimentYaml;
import dev.cohort.tensor.Ints;
import java.util.stream.IntStream;

/** What a run is, as its launcher writes it into the log before anything else. */
public final class RunManifest {
    private RunManifest() {}

    /** The first record of the run's log. */
    public static Manifest of(Experiment experiment, ImageData data) {
        return new Manifest(
                Manifest.PROTOCOL_VERSION,
                ExperimentYaml.writeWithoutSecrets(experiment),
                data.classes(),
                data.shape(),
                data.normalisation(),
                data.digest(),
                data.train().count(),
                data.test().labels(),
                data.validation().labels(),
                featureWidths(experiment),
                BatchPlan.of(experiment, data).steps());
    }

    /** Widths of the slots; slots nobody has yet are as wide as the widest. */
    private static Ints featureWidths(Experiment experiment) {
        int[] named = experiment.contributors().stream()
                .mapToInt(p -> p.own().featureWidth().orElseGet(() -> ModelCatalog.featureWidth(p.model())))
                .toArray();
        int widest = IntStream.of(named).max().orElse(1);
        return Ints.of(IntStream.range(0, experiment.elastic().max())
                .map(slot -> slot < named.length ? named[slot] : widest)
                .toArray());
    }
}
