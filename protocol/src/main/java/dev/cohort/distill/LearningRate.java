package dev.cohort.distill;

import dev.cohort.experiment.Experiment.Optimizer;
import dev.cohort.experiment.Experiment.Schedule;

/**
 * The learning rate as a function of the global step, so that a peer that joins or returns late has the same rate as the others.
 * With {@code n} the number of steps before the current one:
 *
 * <ul>
 *   <li>CONSTANT: the base rate;
 *   <li>STEP: times {@code gamma} for every milestone m with {@code n >= m * stepsPerEpoch};
 *   <li>COSINE: times {@code (1 + cos(pi * (n - w) / (stepsTotal - w))) / 2} after the w steps of warm-up;
 *   <li>warm-up: times {@code step / w} in the first w steps, so that the rate of step 1 is not 0.
 * </ul>
 */
public final class LearningRate {
    private final Optimizer optimizer;
    private final long stepsPerEpoch;
    private final long stepsTotal;
    private final double warmupSteps;

    /**
     * @param stepsPerEpoch batches per epoch, including a last partial one
     * @param stepsTotal batches of the run
     */
    public LearningRate(Optimizer optimizer, long stepsPerEpoch, long stepsTotal) {
        if (stepsPerEpoch < 1 || stepsTotal < 1) {
            throw new IllegalArgumentException("learning rate over " + stepsTotal + " steps, " + stepsPerEpoch
                    + " per epoch: both must be at least 1");
        }
        this.optimizer = optimizer;
        this.stepsPerEpoch = stepsPerEpoch;
        this.stepsTotal = stepsTotal;
        this.warmupSteps = optimizer.schedule().warmupEpochs() * stepsPerEpoch;
    }

    /**
     * The rate of one update.
     *
     * @param step 1-based global step; the rate is constant beyond the last step
     */
    public double at(long step) {
        if (step < 1) {
            throw new IllegalArgumentException("learning rate at step " + step + ": steps count from 1");
        }
        long current = Math.min(step, stepsTotal);
        double warm = current < warmupSteps ? current / warmupSteps : 1;
        return optimizer.learningRate() * warm * factor(current - 1);
    }

    private double factor(long stepsBefore) {
        Schedule schedule = optimizer.schedule();
        return switch (schedule.kind()) {
            case CONSTANT -> 1;
            case STEP -> {
                double factor = 1;
                for (double milestone : schedule.milestones()) {
                    factor *= stepsBefore >= milestone * stepsPerEpoch ? schedule.gamma() : 1;
                }
                yield factor;
            }
            case COSINE -> {
                double span = stepsTotal - warmupSteps;
                double done = span > 0 ? Math.max(0, stepsBefore - warmupSteps) / span : 0;
                yield (1 + StrictMath.cos(StrictMath.PI * done)) / 2;
            }
        };
    }
}
