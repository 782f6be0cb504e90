package dev.cohort.study.conform;

import dev.cohort.coordinator.process.RunTeacher;
import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.Manifest;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.TensorName;
import java.util.List;
import java.util.Optional;

/**
 * The peer that is judged, and what the run asks of it.
 *
 * @param reads tensors besides the logits that its predictions must have
 * @param partitions of the predictions
 */
public record Subject(PeerId peer, Manifest manifest, Experiment experiment, List<String> reads, int partitions) {
    public Subject {
        reads = List.copyOf(reads);
    }

    /** A peer of a run. */
    public static Subject of(PeerId peer, Manifest manifest, Experiment experiment, int partitions) {
        Teacher teacher = RunTeacher.of(manifest, experiment);
        return new Subject(peer, manifest, experiment, teacher.reads(), partitions);
    }

    /** The slot of a peer that the experiment names. */
    Optional<Integer> namedSlot() {
        Optional<Experiment.Peer> named =
                experiment.peers().stream().filter(p -> p.id().equals(peer)).findFirst();
        return named.map(p -> p.control() ? 0 : experiment.contributors().indexOf(p));
    }

    boolean readsFeatures() {
        return reads.contains(TensorName.FEATURES);
    }

    /** Whether one broker stamps all records, so that times of different topics can be compared. */
    boolean hasOneClock() {
        return experiment.kafka().bootstrap().isEmpty();
    }
}
