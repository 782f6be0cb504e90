package dev.cohort.experiment;

import java.util.OptionalDouble;

/**
 * How the weights of a student change at a given learning rate.
 *
 * @param weightDecay of all parameters, biases and batch norm included, as PyTorch does
 * @param clipNorm largest norm of all gradients together; empty for no limit
 * @param averageDecay largest decay of the moving average of the weights by which the student is evaluated; empty if the weights
 *     themselves are evaluated
 */
public record WeightUpdate(UpdateRule rule, double weightDecay, OptionalDouble clipNorm, OptionalDouble averageDecay) {
    /** Of a network that no optimizer trains: nothing is kept of its gradients. */
    public static final WeightUpdate NONE = sgd(0, false, 0);

    public WeightUpdate {
        require(
                weightDecay >= 0 && Double.isFinite(weightDecay),
                "weight decay " + weightDecay + ": must be 0 or above");
        require(
                clipNorm.isEmpty() || clipNorm.getAsDouble() > 0,
                "largest norm " + clipNorm.orElse(0) + ": must be above 0");
        require(
                averageDecay.isEmpty() || (averageDecay.getAsDouble() >= 0 && averageDecay.getAsDouble() < 1),
                "decay of the average " + averageDecay.orElse(0) + ": must be from 0 to below 1");
    }

    /** SGD without a limit and without an average. */
    public static WeightUpdate sgd(double momentum, boolean nesterov, double weightDecay) {
        return new WeightUpdate(
                new UpdateRule.Sgd(momentum, nesterov), weightDecay, OptionalDouble.empty(), OptionalDouble.empty());
    }

    private static void require(boolean ok, String message) {
        if (!ok) {
            throw new IllegalArgumentException(message);
        }
    }
}
