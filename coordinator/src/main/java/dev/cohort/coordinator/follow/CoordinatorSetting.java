package dev.cohort.coordinator.follow;

import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.PeerId;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Ints;
import java.util.List;
import java.util.Set;
import java.util.function.LongToDoubleFunction;

/**
 * What a coordinator must know of a run.
 *
 * @param name of this coordinator, for people
 * @param seats peers the experiment names, in the order of their slots
 * @param observers peers the experiment names that are never waited for (control)
 * @param elastic how many contribute, and who is let in
 * @param classes number of classes C
 * @param featureWidths width of the pooled features of each slot
 * @param dataDigest of the run's data
 * @param testLabels class of each test image, to evaluate the teacher
 * @param validationImages how many images are held out, for methods that read what peers say of them
 * @param pace clocks and completion
 * @param forkedAtStep last step that was taken over from another run, 0 for none
 * @param plannedSteps batches of the run; what is said of a later step is ignored
 * @param learningRate of the trained teacher at a step
 * @param resendMs after which a proposal that has not come back from the log is sent again
 * @param snapshotSteps after how many steps a trained teacher is kept; 0 for never
 * @param evaluationLogits whether evaluations bring along what the teacher's own evaluation is made from
 */
public record CoordinatorSetting(
        String name,
        List<PeerId> seats,
        Set<PeerId> observers,
        Experiment.Elastic elastic,
        int classes,
        Ints featureWidths,
        Digest dataDigest,
        Ints testLabels,
        int validationImages,
        Experiment.Pace pace,
        long forkedAtStep,
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

    /** Most contributors ever. */
    public int slots() {
        return elastic.max();
    }

    /** Whether steps stay open for lost peers. */
    public boolean holdsLost() {
        return pace.onLoss() == Experiment.Pace.OnLoss.HOLD;
    }

    /** Fewer live ones pause the run. */
    public int contributorsMin() {
        return elastic.min();
    }
}
