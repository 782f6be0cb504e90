package dev.cohort.distill;

/**
 * Row-wise softmax with temperature: {@code softmax_T(z) = exp(z / T) / sum exp(z / T)}. Matrices are row-major; the largest
 * logit of a row is subtracted first, so that no row overflows.
 */
public final class Softmax {
    private Softmax() {}

    /**
     * {@code softmax(logits / temperature)} of every row.
     *
     * @param logits row-major, whole rows
     * @param columns length C of a row
     * @param temperature above 0
     * @return a fresh array of the same shape
     */
    public static double[] probabilities(double[] logits, int columns, double temperature) {
        double[] logProbabilities = logProbabilities(logits, columns, temperature);
        for (int i = 0; i < logProbabilities.length; i++) {
            logProbabilities[i] = StrictMath.exp(logProbabilities[i]);
        }
        return logProbabilities;
    }

    /**
     * {@code ln softmax(logits / temperature)} of every row.
     *
     * @param logits row-major, whole rows
     * @param columns length C of a row
     * @param temperature above 0
     * @return a fresh array of the same shape
     */
    public static double[] logProbabilities(double[] logits, int columns, double temperature) {
        if (columns < 1 || logits.length % columns != 0) {
            throw new IllegalArgumentException(
                    logits.length + " logits in rows of " + columns + ": must be whole rows of at least 1");
        }
        if (!(temperature > 0)) {
            throw new IllegalArgumentException("temperature " + temperature + ": must be above 0");
        }
        double[] result = new double[logits.length];
        for (int start = 0; start < logits.length; start += columns) {
            logRow(logits, result, start, columns, temperature);
        }
        return result;
    }

    private static void logRow(double[] logits, double[] result, int start, int columns, double temperature) {
        double largest = logits[start];
        for (int i = start + 1; i < start + columns; i++) {
            largest = Math.max(largest, logits[i]);
        }
        double sum = 0;
        for (int i = start; i < start + columns; i++) {
            result[i] = (logits[i] - largest) / temperature;
            sum += StrictMath.exp(result[i]);
        }
        double logSum = StrictMath.log(sum);
        for (int i = start; i < start + columns; i++) {
            result[i] -= logSum;
        }
    }
}
