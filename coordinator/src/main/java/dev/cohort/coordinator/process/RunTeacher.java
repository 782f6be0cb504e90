package dev.cohort.coordinator.process;

import dev.cohort.coordinator.method.MethodCatalog;
import dev.cohort.coordinator.method.TeacherSetting;
import dev.cohort.coordinator.teacher.ForkedTeacher;
import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.Manifest;
import dev.cohort.runtime.config.ExperimentYaml;

/** Creates the teacher of a run from its manifest. */
public final class RunTeacher {
    private RunTeacher() {}

    /** The teacher of a run; for a fork, the parent's teacher up to the step of the fork. */
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
                                manifest.validationLabels(),
                                manifest.maps()));
    }
}
