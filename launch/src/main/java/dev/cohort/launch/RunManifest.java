package dev.cohort.launch;

import dev.cohort.augment.BatchPlan;
import dev.cohort.augment.data.ImageData;
import dev.cohort.coordinator.process.RunTeacher;
import dev.cohort.experiment.Experiment;
import dev.cohort.peer.djl.ModelCatalog;
import dev.cohort.protocol.Manifest;
import dev.cohort.protocol.MapShapes;
import dev.cohort.protocol.TensorName;
import dev.cohort.runtime.config.ExperimentYaml;
import dev.cohort.tensor.Ints;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
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
                MapShapes.NONE,
                BatchPlan.of(experiment, data).steps(),
                Optional.empty(),
                Optional.empty());
        return of(experiment, plain);
    }

    /**
     * The manifest of another experiment on the same data.
     *
     * @throws IllegalArgumentException when a peer's network has no feature map that the method reads
     */
    public static Manifest of(Experiment experiment, Manifest before) {
        Manifest with = before.withMaps(maps(experiment, before));
        return with.of(ExperimentYaml.writeWithoutSecrets(experiment), PeerSettings.of(experiment, with));
    }

    /** Shapes of the feature maps that the method reads; seats that the experiment does not assign have those of the widest peer. */
    private static MapShapes maps(Experiment experiment, Manifest manifest) {
        SortedMap<String, List<Ints>> maps = new TreeMap<>();
        List<Experiment.Peer> peers = experiment.contributors();
        for (String read : RunTeacher.of(manifest, experiment).reads()) {
            if (TensorName.isMap(read) && !peers.isEmpty()) {
                List<Ints> named = new ArrayList<>();
                peers.forEach(peer -> named.add(map(peer, read, manifest)));
                Ints widest = named.stream()
                        .max(Comparator.comparingInt(shape -> shape.get(0)))
                        .orElseThrow();
                while (named.size() < experiment.elastic().max()) {
                    named.add(widest);
                }
                maps.put(read, named);
            }
        }
        return new MapShapes(maps);
    }

    private static Ints map(Experiment.Peer peer, String name, Manifest manifest) {
        SortedMap<String, Ints> there = new TreeMap<>();
        if (peer.hasOwnNetwork()) {
            there.putAll(peer.own().maps());
        } else {
            ModelCatalog.maps(peer.model(), manifest.image()).forEach(map -> there.put(map.name(), map.rowShape()));
        }
        Ints shape = there.get(name);
        if (shape == null) {
            throw new IllegalArgumentException("the method reads feature map " + name + ": model " + peer.model()
                    + " of peer "
                    + peer.id() + " has " + (there.isEmpty() ? "none" : "only " + String.join(", ", there.keySet()))
                    + (peer.hasOwnNetwork() ? "; name its layers in Student(maps={...})" : ""));
        }
        return shape;
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
