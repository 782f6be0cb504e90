package dev.cohort.coordinator.follow;

import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.MapShapes;
import dev.cohort.protocol.PeerId;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Ints;
import java.util.List;
import java.util.Set;
import java.util.function.LongToDoubleFunction;

/**
 * Settings of a coordinator for one run.
 *
 * @param name of this coordinator, for operators
 * @param seats peers the experiment names, in the order of their slots
 * @param observers peers the experiment names that are never waited for (control)
 * @param elastic how many peers contribute, and which newcomers are admitted
 * @param classes number of classes C
 * @param featureWidths width of the pooled features of each slot
 * @param maps shapes of the feature maps that the teacher reads
 * @param dataDigest digest of the run's data
 * @param testLabels class of each test image, to evaluate the teacher
 * @param validationImages number of held-out images, for methods that read predictions for them
 * @param pace clocks and completion
 * @param forkedAtStep last step copied from another run, 0 for none
 * @param batchSize most images of a batch
 * @param plannedSteps batches of the run; predictions for a later step are ignored
 * @param learningRate of the trained teacher at a step
 * @param resendMs time after which a proposal that was not read back from the log is published again
 * @param snapshotSteps steps between snapshots of a trained teacher; 0 for none
 * @param evaluationLogits whether evaluations carry the tensors that the teacher's evaluation is computed from
 */
public record CoordinatorSetting(
        String name,
        List<PeerId> seats,
        Set<PeerId> observers,
        Experiment.Elastic elastic,
        int classes,
        Ints featureWidths,
        MapShapes maps,
        Digest dataDigest,
        Ints testLabels,
        int validationImages,
        Experiment.Pace pace,
        long forkedAtStep,
        int batchSize,
        long plannedSteps,
        LongToDoubleFunction learningRate,
        long resendMs,
        long snapshotSteps,
        boolean evaluationLogits) {
    public CoordinatorSetting {
        seats = List.copyOf(seats);
        observers = Set.copyOf(observers);
        if (seats.size() > elastic.max()) {
            throw new IllegalArgumentException(seats.size() + " contributors for " + elastic.max()
                    + " slots: raise elastic.max or name fewer peers");
        }
    }

    /** This setting for a teacher that reads feature maps of these shapes. */
    public CoordinatorSetting withMaps(MapShapes shapes) {
        return new CoordinatorSetting(
                name,
                seats,
                observers,
                elastic,
                classes,
                featureWidths,
                shapes,
                dataDigest,
                testLabels,
                validationImages,
                pace,
                forkedAtStep,
                batchSize,
                plannedSteps,
                learningRate,
                resendMs,
                snapshotSteps,
                evaluationLogits);
    }

    /** Largest number of contributors. */
    public int slots() {
        return elastic.max();
    }

    /** Whether steps stay open for lost peers. */
    public boolean holdsLost() {
        return pace.onLoss() == Experiment.Pace.OnLoss.HOLD;
    }

    /** Fewest present contributors; with fewer the run pauses. */
    public int contributorsMin() {
        return elastic.min();
    }
}
