package dev.cohort.distill;

/**
 * Row-wise softmax with temperature: {@code softmax_T(z) = exp(z / T) / sum exp(z / T)}. Matrices are row-major.
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
        return Distribution.ofLogits(logits, columns, temperature).probabilities;
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
        return Distribution.ofLogits(logits, columns, temperature).logarithms;
    }
}
