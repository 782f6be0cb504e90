package dev.cohort.peer.process;

import dev.cohort.distill.OwnTeacher;
import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.Manifest;
import dev.cohort.protocol.Renderer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What a peer's process needs from other modules. The code that starts the process passes it in, so that a peer depends on no
 * other role.
 */
public interface PeerParts {
    /** What the method of a run requires of its peers. */
    MethodNeeds needs(Manifest manifest, Experiment experiment);

    /**
     * Renders batches from the run's data set.
     *
     * @param dataPath path of the data on this machine; empty for the path in the experiment
     * @throws IllegalArgumentException when the data cannot be read or is not that of the run
     */
    Renderer renderer(Manifest manifest, Experiment experiment, Optional<Path> dataPath);

    /**
     * What a method requires of its peers.
     *
     * @param reads tensors that peers publish besides the logits
     * @param distils whether peers learn from targets at all
     * @param ownTeacher the teacher that each peer runs next to its own network
     */
    record MethodNeeds(List<String> reads, boolean distils, OwnTeacher ownTeacher) {
        public MethodNeeds {
            reads = List.copyOf(reads);
        }
    }
}
