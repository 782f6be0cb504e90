package dev.cohort.protocol;

import java.util.List;

/** Mean and standard deviation of pixel / 255 per channel, by which a student's input is normalised. */
public record Normalisation(List<Double> mean, List<Double> deviation) {
    public Normalisation {
        mean = List.copyOf(mean);
        deviation = List.copyOf(deviation);
        if (mean.size() != deviation.size()) {
            throw new IllegalArgumentException("normalisation of " + mean.size() + " means and " + deviation.size()
                    + " deviations: must be equal");
        }
        Sayable.count(Limits.DEFAULT.channelsMax(), mean, "means");
        mean.forEach(value -> Sayable.finite(value, "mean"));
        deviation.forEach(value -> Sayable.notNegative(value, "deviation"));
    }
}
