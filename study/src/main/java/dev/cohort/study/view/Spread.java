package dev.cohort.study.view;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * A mean over runs with different seeds, and its confidence interval.
 *
 * @param runs number of values
 * @param half half the 95 % confidence interval of the mean, by Student's t; empty for a single value
 */
public record Spread(int runs, double mean, OptionalDouble half) {
    /** With fewer runs the spread itself is too uncertain. */
    public static final int RUNS_MIN = 3;

    /** Student's t at 97.5 % for 1, 2, ... degrees of freedom; beyond, the normal distribution is close enough. */
    private static final double[] T = {12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.20, 2.18};

    private static final double T_MANY = 2.0;

    /** Empty without values. */
    public static Optional<Spread> of(List<Double> values) {
        if (values.isEmpty()) {
            return Optional.empty();
        }
        int runs = values.size();
        double mean = values.stream().mapToDouble(v -> v / runs).sum();
        double squares =
                values.stream().mapToDouble(v -> (v - mean) * (v - mean)).sum();
        int freedom = runs - 1;
        OptionalDouble half = freedom == 0
                ? OptionalDouble.empty()
                : OptionalDouble.of(
                        (freedom <= T.length ? T[freedom - 1] : T_MANY) * Math.sqrt(squares / freedom / runs));
        return Optional.of(new Spread(runs, mean, half));
    }

    /** Whether there are at least {@value #RUNS_MIN} runs and 0 is outside the confidence interval. */
    public boolean exceeds() {
        return runs >= RUNS_MIN && half.isPresent() && Math.abs(mean) > half.getAsDouble();
    }

    /** As a difference of accuracies: {@code +1.6 points ± 0.4}. */
    public String points() {
        return Words.points(mean)
                + (half.isPresent() ? String.format(Locale.ROOT, " ± %.1f", 100 * half.getAsDouble()) : "");
    }

    /** As an accuracy: {@code 81.2 ± 0.4 %}. */
    public String percent() {
        return half.isPresent()
                ? String.format(Locale.ROOT, "%.1f ± %.1f %%", 100 * mean, 100 * half.getAsDouble())
                : Words.percent(mean);
    }
}
