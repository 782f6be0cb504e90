package dev.cohort.cli.role;

import dev.cohort.coordinator.Coordinator;
import dev.cohort.coordinator.CoordinatorSetting;
import dev.cohort.coordinator.CoordinatorStatus;
import dev.cohort.coordinator.ForkedTeacher;
import dev.cohort.coordinator.SnapshotPositions;
import dev.cohort.coordinator.Standby;
import dev.cohort.coordinator.Teacher;
import dev.cohort.coordinator.method.MethodCatalog;
import dev.cohort.coordinator.method.TeacherSetting;
import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.Manifest;
import dev.cohort.protocol.Node;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Positions;
import dev.cohort.protocol.StepOffsets;
import dev.cohort.protocol.Topic;
import dev.cohort.runtime.Delivery;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.NodeVerticle;
import dev.cohort.runtime.ObservedNode;
import dev.cohort.runtime.Receiver;
import dev.cohort.runtime.RejectedRecord;
import dev.cohort.runtime.Status;
import dev.cohort.runtime.config.ExperimentYaml;
import dev.cohort.runtime.kafka.Following;
import dev.cohort.runtime.kafka.From;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes the teacher that the manifest of a run asks for. */
public final class RunTeacher {
    private RunTeacher() {}

    /** The teacher of a run; of a fork, up to the step of the fork, that of its parent. */
    public static Teacher of(Manifest manifest, Experiment experiment) {
        Teacher own = ownTeacher(manifest, experiment);
        if (manifest.parent().isEmpty()) {
            return own;
        }
        Manifest.Parent parent = manifest.parent().get();
        Experiment before = ExperimentYaml.read(parent.manifest().experiment());
        boolean sameMethod = before.method().name().equals(experiment.method().name());
        return new ForkedTeacher(of(parent.manifest(), before), own, sameMethod, parent.step());
    }

    private static Teacher ownTeacher(Manifest manifest, Experiment experiment) {
        return MethodCatalog.get(experiment.method().name())
                .create(
                        experiment.method(),
                        new TeacherSetting(
                                experiment.elastic().max(),
                                experiment.contributors().size(),
                                manifest.featureWidths(),
                                manifest.classes(),
                                experiment.run().seed(),
                                experiment.optimizer(),
                                experiment.wire().logits(),
                                manifest.validationLabels()));
    }
}
