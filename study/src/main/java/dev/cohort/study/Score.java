package dev.cohort.study;

import dev.cohort.protocol.SoftLabels;
import dev.cohort.tensor.Ints;
import java.util.List;

/**
 * Scores of probabilities, summed over rows.
 *
 * <pre>
 * NLL = -(1/N) sum y ln p    Brier = (1/N) sum (p - y)^2    ECE = sum over bins |rows| / N * |accuracy - confidence|
 * </pre>
 *
 * with 15 bins (lo, hi] of equal width over the largest probability (Guo et al., "On Calibration of Modern Neural Networks", ICML
 * 2017). Labels may be soft; a row is right when its largest probability is at the largest label. One thread.
 */
public final class Score {
    private static final int BINS = 15;

    private long rows;
    private long right;
    private double negativeLogLikelihood;
    private double brier;
    private final long[] inBin = new long[BINS];
    private final double[] rightInBin = new double[BINS];
    private final double[] confidenceInBin = new double[BINS];

    /** Takes in a batch of probabilities [B, C]. */
    void add(double[] probabilities, SoftLabels labels) {
        double[] y = labels.dense();
        int classes = labels.classes();
        for (int start = 0; start < y.length; start += classes) {
            int best = largest(probabilities, start, classes);
            boolean hit = best == largest(y, start, classes);
            for (int c = start; c < start + classes; c++) {
                if (y[c] > 0) {
                    negativeLogLikelihood -= y[c] * StrictMath.log(Math.max(probabilities[c], Double.MIN_NORMAL));
                }
                brier += (probabilities[c] - y[c]) * (probabilities[c] - y[c]);
            }
            double confidence = probabilities[start + best];
            int bin = (int) Math.max(0, Math.min(BINS - 1, Math.ceil(confidence * BINS) - 1));
            inBin[bin]++;
            rightInBin[bin] += hit ? 1 : 0;
            confidenceInBin[bin] += confidence;
            right += hit ? 1 : 0;
            rows++;
        }
    }

    /** Like {@link #add(double[], SoftLabels)}, with one class per row. */
    public void add(double[] probabilities, Ints labels, int classes) {
        add(probabilities, new SoftLabels(classes, List.of(labels), List.of(1.0)));
    }

    static int largest(double[] values, int start, int classes) {
        int largest = 0;
        for (int c = 1; c < classes; c++) {
            largest = values[start + c] > values[start + largest] ? c : largest;
        }
        return largest;
    }

    /** Rows that were scored; without any, the figures are 0. */
    public long rows() {
        return rows;
    }

    /** 0..1 */
    public double accuracy() {
        return share((double) right);
    }

    public double negativeLogLikelihood() {
        return share(negativeLogLikelihood);
    }

    public double brier() {
        return share(brier);
    }

    /** Expected calibration error, 0..1. */
    public double calibrationError() {
        double sum = 0;
        for (int bin = 0; bin < BINS; bin++) {
            sum += Math.abs(rightInBin[bin] - confidenceInBin[bin]);
        }
        return share(sum);
    }

    private double share(double sum) {
        return rows == 0 ? 0 : sum / rows;
    }
}
