package dev.cohort.launch;

import dev.cohort.augment.BatchPlan;
import dev.cohort.augment.data.ImageData;
import dev.cohort.experiment.Experiment;
import dev.cohort.peer.djl.ModelCatalog;
import dev.cohort.protocol.Manifest;
import dev.cohort.runtime.config.ExperimentYaml;
import dev.cohort.tensor.Ints;
import java.util.stream.IntStream;

/** Makes the manifest of a run, the first record that its launcher writes. */
public final class RunManifest {
    private RunManifest() {}

    /** The manifest of an experiment on its data. */
    public static Manifest of(Experiment experiment, ImageData data) {
        Manifest plain = new Manifest(
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
        return of(experiment, plain);
    }

    /** The manifest of another experiment on the same data. */
    public static Manifest of(Experiment experiment, Manifest before) {
        return before.of(ExperimentYaml.writeWithoutSecrets(experiment), PeerSettings.of(experiment, before));
    }

    /** Feature width per seat; seats that the experiment does not assign have the largest width. */
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
