package dev.cohort.runtime.session;

import dev.cohort.distill.LearningRate;
import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.Manifest;
import dev.cohort.runtime.config.ExperimentYaml;
import java.util.function.LongToDoubleFunction;

/** Learning rates and batches of a run, derived from the manifest alone, so that all processes compute the same. */
public final class RunSchedule {
    private RunSchedule() {}

    /**
     * The learning rate at a step, of every peer and of the teacher. A fork has its parent's rates up to the step of the fork.
     */
    public static LongToDoubleFunction learningRate(Manifest manifest, Experiment experiment) {
        LearningRate own =
                new LearningRate(experiment.optimizer(), stepsPerEpoch(experiment, manifest), manifest.steps());
        if (manifest.parent().isEmpty()) {
            return own::at;
        }
        Manifest.Parent parent = manifest.parent().get();
        LongToDoubleFunction before = learningRate(
                parent.manifest(), ExperimentYaml.read(parent.manifest().experiment()));
        return step -> step <= parent.step() ? before.applyAsDouble(step) : own.at(step);
    }

    /** Rows of the smallest batch of a run with {@code images} training images. */
    public static int rowsMin(Experiment experiment, int images) {
        int batchSize = Math.min(experiment.run().batchSize(), images);
        long wholeBatches = images / batchSize;
        int rest = images % batchSize;
        boolean reachesTheRest = experiment.run().steps().orElse(Long.MAX_VALUE) > wholeBatches;
        return rest > 0 && reachesTheRest ? rest : batchSize;
    }

    /** Batches per epoch, including a last partial one. */
    public static long stepsPerEpoch(Experiment experiment, Manifest manifest) {
        long batchSize = experiment.run().batchSize();
        return (manifest.trainImages() + batchSize - 1) / batchSize;
    }
}
