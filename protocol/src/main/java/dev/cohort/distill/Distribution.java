package dev.cohort.distill;

/** A probability distribution in every row of a row-major matrix, with its logarithms. */
final class Distribution {
    final double[] probabilities;
    final double[] logarithms;

    private Distribution(int size) {
        probabilities = new double[size];
        logarithms = new double[size];
    }

    /** {@code softmax(logits / temperature)}. Subtracts the largest logit of each row first, so no row overflows. */
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
     * Rows of probabilities. A mean rounded on the wire may not sum to exactly 1, and the rest after taking out one vote may be
     * slightly negative. Both are corrected, so that a divergence from the distribution is never negative or NaN.
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
