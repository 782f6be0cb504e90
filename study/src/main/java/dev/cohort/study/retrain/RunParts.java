package dev.cohort.study.retrain;

import dev.cohort.augment.BatchRenderer;
import dev.cohort.augment.data.RunData;
import dev.cohort.coordinator.process.RunTeacher;
import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.experiment.Experiment;
import dev.cohort.peer.process.PeerParts;
import dev.cohort.protocol.Manifest;
import dev.cohort.protocol.Renderer;
import java.nio.file.Path;
import java.util.Optional;

/** The parts of a peer that every run uses: the augmenter's renderer, and what the coordinator's teacher needs. */
public final class RunParts implements PeerParts {
    @Override
    public MethodNeeds needs(Manifest manifest, Experiment experiment) {
        return needsOf(RunTeacher.of(manifest, experiment));
    }

    /** What {@code teacher} needs from the peers. */
    public static MethodNeeds needsOf(Teacher teacher) {
        return new MethodNeeds(teacher.reads(), teacher.distils(), teacher.ownTeacher());
    }

    @Override
    public Renderer renderer(Manifest manifest, Experiment experiment, Optional<Path> dataPath) {
        return new BatchRenderer(RunData.open(manifest, experiment, dataPath));
    }
}
