package dev.cohort.peer.process;

import dev.cohort.distill.OwnTeacher;
import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.Manifest;
import dev.cohort.protocol.Renderer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** What a peer takes from parts that are not its own, handed in by whoever starts it: a peer knows no other role. */
public interface PeerParts {
    /** What the method of a run wants of its peers. */
    MethodNeeds needs(Manifest manifest, Experiment experiment);

    /**
     * Renders batches from the run's data set.
     *
     * @param dataPath where the data is on this machine; empty for where the experiment says
     * @throws IllegalArgumentException when it cannot be read or is not the data of the run
     */
    Renderer renderer(Manifest manifest, Experiment experiment, Optional<Path> dataPath);

    /**
     * What a method wants of its peers.
     *
     * @param reads tensors besides the logits that they publish
     * @param distils whether they learn from targets at all
     * @param ownTeacher what each keeps besides its own network
     */
    record MethodNeeds(List<String> reads, boolean distils, OwnTeacher ownTeacher) {
        public MethodNeeds {
            reads = List.copyOf(reads);
        }
    }
}
