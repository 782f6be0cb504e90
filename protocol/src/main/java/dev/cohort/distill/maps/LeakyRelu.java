package dev.cohort.distill.maps;

/** Leaky ReLU: {@code y = x} for x above 0, else {@code slope x}, with a slope above 0. */
final class LeakyRelu {
    private LeakyRelu() {}

    static FeatureMap of(FeatureMap map, double slope) {
        double[] values = new double[map.values.length];
        for (int i = 0; i < values.length; i++) {
            double x = map.values[i];
            values[i] = x > 0 ? x : slope * x;
        }
        return map.like(values);
    }

    /** The gradient at x, given that at y, and y itself, which has the sign of x. */
    static FeatureMap gradient(FeatureMap gradient, FeatureMap output, double slope) {
        double[] before = new double[gradient.values.length];
        for (int i = 0; i < before.length; i++) {
            before[i] = gradient.values[i] * (output.values[i] > 0 ? 1 : slope);
        }
        return gradient.like(before);
    }
}
