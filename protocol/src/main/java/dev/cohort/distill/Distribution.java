package dev.cohort.distill;

/** A probability distribution in every row of a row-major matrix, with its logarithms. */
final class Distribution {
    final double[] probabilities;
    final double[] logarithms;

    private Distribution(int size) {
        probabilities = new double[size];
        logarithms = new double[size];
    }

    /** {@code softmax(logits / temperature)}; no row overflows. */
    static Distribution ofLogits(double[] logits, int columns, double temperature) {
        if (columns < 1 || logits.length % columns != 0) {
            throw new IllegalArgumentException(
                    logits.length + " logits in rows of " + columns + ": must be whole rows of at least 1");
        }
        if (!(temperature > 0)) {
            throw new IllegalArgumentException("temperature " + temperature + ": must be above 0");
        }
        Distribution distribution = new Distribution(logits.length);
        for (int start = 0; start < logits.length; start += columns) {
            distribution.softmaxRow(logits, start, start + columns, temperature);
        }
        return distribution;
    }

    private void softmaxRow(double[] logits, int start, int end, double temperature) {
        double largest = logits[start];
        for (int i = start + 1; i < end; i++) {
            largest = Math.max(largest, logits[i]);
        }
        double sum = 0;
        for (int i = start; i < end; i++) {
            logarithms[i] = (logits[i] - largest) / temperature;
            probabilities[i] = StrictMath.exp(logarithms[i]);
            sum += probabilities[i];
        }
        double logSum = StrictMath.log(sum);
        for (int i = start; i < end; i++) {
            logarithms[i] -= logSum;
            probabilities[i] /= sum;
        }
    }

    /**
     * Rows that are probabilities already. A mean that was rounded on the wire may sum to not quite 1, and what is left of it
     * without one vote may be not quite positive: both are put right, so that a divergence from it is never negative or NaN.
     */
    static Distribution ofProbabilities(double[] values, int columns) {
        Distribution distribution = new Distribution(values.length);
        for (int start = 0; start < values.length; start += columns) {
            double sum = 0;
            for (int i = start; i < start + columns; i++) {
                sum += Math.max(0, values[i]);
            }
            for (int i = start; i < start + columns; i++) {
                distribution.probabilities[i] = Math.max(0, values[i]) / sum;
                distribution.logarithms[i] = StrictMath.log(distribution.probabilities[i]);
            }
        }
        return distribution;
    }
}
