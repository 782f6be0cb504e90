package dev.cohort.distill.maps;

/** Vectors of length 1: {@code u = v / max(||v||, 1e-12)} for every piece v of an array, as PyTorch's {@code normalize}. */
final class Norm {
    private static final double NORM_MIN = 1e-12;

    private Norm() {}

    static double of(double[] values, int start, int length) {
        double squares = 0;
        for (int i = start; i < start + length; i++) {
            squares += values[i] * values[i];
        }
        return StrictMath.sqrt(squares);
    }

    static double[] normalised(double[] values, int length) {
        double[] unit = new double[values.length];
        for (int start = 0; start < values.length; start += length) {
            double norm = Math.max(of(values, start, length), NORM_MIN);
            for (int i = start; i < start + length; i++) {
                unit[i] = values[i] / norm;
            }
        }
        return unit;
    }

    /**
     * The gradient at v given that at u: {@code (du - u <u, du>) / ||v||}. A vector of zeros has no direction that could be
     * taught; the formula would give it a gradient of 1e12, so it has 0.
     */
    static double[] gradient(double[] values, double[] unit, double[] atUnit, int length) {
        double[] gradient = new double[values.length];
        for (int start = 0; start < values.length; start += length) {
            double norm = of(values, start, length);
            if (norm < NORM_MIN) {
                continue;
            }
            double inner = 0;
            for (int i = start; i < start + length; i++) {
                inner += unit[i] * atUnit[i];
            }
            for (int i = start; i < start + length; i++) {
                gradient[i] = (atUnit[i] - unit[i] * inner) / norm;
            }
        }
        return gradient;
    }
}
