package dev.cohort.distill;

/** Schedules of distillation weights and of the decay of weight averages. */
public final class Schedules {
    private Schedules() {}

    /**
     * Sigmoid ramp-up of a distillation weight: {@code w(e) = exp(-5 (1 - min(e, R) / R)^2)}, evaluated once per epoch. Source:
     * Laine and Aila, "Temporal Ensembling" (2017), as used by the official code of ONE and of Mean Teacher with R = 80.
     *
     * @param epoch 0-based
     * @param rampUpEpochs R; 0 = no ramp-up, the weight is 1 from the start
     * @return 0..1
     */
    public static double rampUp(long epoch, double rampUpEpochs) {
        if (epoch < 0 || !(rampUpEpochs >= 0)) {
            throw new IllegalArgumentException(
                    "ramp-up of epoch " + epoch + " over " + rampUpEpochs + " epochs: neither may be negative");
        }
        if (rampUpEpochs == 0) {
            return 1;
        }
        double missing = 1 - Math.min((double) epoch, rampUpEpochs) / rampUpEpochs;
        return StrictMath.exp(-5 * missing * missing);
    }

    /**
     * Decay of a weight average after update t: {@code min(1 - 1 / (t + 1), max)}, so that the average starts as the running
     * mean. Source: Tarvainen and Valpola, "Mean teachers" (2017), official code.
     *
     * @param updates t, from 0
     * @param max upper limit of the decay, 0..1
     */
    public static double emaDecay(long updates, double max) {
        return Math.min(1 - 1.0 / (updates + 1), max);
    }
}
