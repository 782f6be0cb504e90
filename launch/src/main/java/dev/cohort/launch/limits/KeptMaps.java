package dev.cohort.launch.limits;

import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.Manifest;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Topic;
import dev.cohort.runtime.kafka.TopicPlan;
import dev.cohort.tensor.Ints;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** Compares the feature maps that the log keeps with those that a process needs when it starts again. */
public final class KeptMaps {
    private static final long MIB = 1 << 20;
    /** A process may end just before its next checkpoint, and others write on while it starts. */
    private static final int INTERVALS = 2;

    private KeptMaps() {}

    /** What to do if a process that starts again may not find the maps that it needs; empty if it will. */
    public static Optional<String> note(Experiment experiment, Manifest manifest) {
        long needed = Math.min(manifest.steps(), stepsNeeded(experiment, manifest));
        long bytes = bytesPerStep(experiment, manifest);
        long kept = bytes == 0 ? needed : experiment.wire().mapsKeptMebibytes() * MIB / bytes;
        return kept >= needed
                ? Optional.empty()
                : Optional.of("the log keeps the feature maps of about " + kept
                        + " steps, and a process that starts again"
                        + " may need those of " + needed + ": set wire.maps_kept_mebibytes to "
                        + (needed * bytes / MIB + 1) + ", or record.checkpoint_steps and record.snapshot_steps to "
                        + Math.max(1, kept / INTERVALS));
    }

    private static long stepsNeeded(Experiment experiment, Manifest manifest) {
        long all = manifest.steps();
        long checkpoints = experiment.recording().checkpointSteps();
        long snapshots = experiment.recording().snapshotSteps();
        return checkpoints == 0 || snapshots == 0 ? all : INTERVALS * Math.max(checkpoints, snapshots);
    }

    /** Bytes of maps of one step in the partition that holds most. */
    private static long bytesPerStep(Experiment experiment, Manifest manifest) {
        int partitions = TopicPlan.of(experiment, manifest.maps()).partitions(Topic.MAPS);
        SortedMap<Integer, Long> byPartition = new TreeMap<>();
        List<PeerId> peers =
                experiment.contributors().stream().map(Experiment.Peer::id).toList();
        for (int slot = 0; slot < peers.size() && partitions > 0; slot++) {
            byPartition.merge(
                    TopicPlan.predictionPartition(peers.get(slot), partitions),
                    bytes(experiment, manifest, slot),
                    Long::sum);
        }
        return byPartition.values().stream().mapToLong(Long::longValue).max().orElse(0);
    }

    private static long bytes(Experiment experiment, Manifest manifest, int slot) {
        long numbers = 0;
        for (String name : manifest.maps().bySlot().keySet()) {
            Ints row = manifest.maps().row(name, slot);
            numbers += (long) row.get(0) * row.get(1) * row.get(2);
        }
        return numbers
                * Math.min(experiment.run().batchSize(), manifest.trainImages())
                * experiment.wire().maps().bytes();
    }
}
