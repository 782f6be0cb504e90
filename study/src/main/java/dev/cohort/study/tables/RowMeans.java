package dev.cohort.study.tables;

import dev.cohort.distill.Softmax;
import dev.cohort.protocol.SoftLabels;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Figures of a matrix of probabilities, as means over its rows.
 *
 * @param loss cross-entropy with the labels; empty without labels
 * @param accuracy share of rows whose largest class is the label of the largest weight; empty without labels
 * @param entropy in nats
 * @param confidence largest probability
 * @param margin largest less second largest probability
 */
record RowMeans(
        int rows, OptionalDouble loss, OptionalDouble accuracy, double entropy, double confidence, double margin) {
    /** Figures of softmax(logits), row-major with {@code classes} columns. */
    static RowMeans ofLogits(double[] logits, int classes, Optional<SoftLabels> labels) {
        return of(
                Softmax.probabilities(logits, classes, 1),
                Softmax.logProbabilities(logits, classes, 1),
                classes,
                labels);
    }

    /** Figures of probabilities, row-major with {@code classes} columns. */
    static RowMeans ofProbabilities(double[] probabilities, int classes, Optional<SoftLabels> labels) {
        double[] logarithms = new double[probabilities.length];
        for (int i = 0; i < logarithms.length; i++) {
            logarithms[i] = StrictMath.log(Math.max(probabilities[i], Double.MIN_NORMAL));
        }
        return of(probabilities, logarithms, classes, labels);
    }

    private static RowMeans of(double[] p, double[] logarithms, int classes, Optional<SoftLabels> labels) {
        int rows = p.length / classes;
        // Labels of another shape belong to another batch.
        Optional<double[]> y =
                labels.filter(l -> l.rows() == rows && l.classes() == classes).map(SoftLabels::dense);
        double loss = 0;
        double right = 0;
        double entropy = 0;
        double confidence = 0;
        double margin = 0;
        for (int start = 0; start < rows * classes; start += classes) {
            int best = largest(p, start, classes);
            confidence += p[start + best];
            margin += p[start + best] - second(p, start, classes, best);
            for (int c = start; c < start + classes; c++) {
                entropy -= p[c] * logarithms[c];
                double label = y.isPresent() ? y.get()[c] : 0;
                loss -= label > 0 ? label * logarithms[c] : 0;
            }
            right += y.isPresent() && largest(y.get(), start, classes) == best ? 1 : 0;
        }
        double count = Math.max(1, rows);
        return new RowMeans(
                rows,
                y.isPresent() ? OptionalDouble.of(loss / count) : OptionalDouble.empty(),
                y.isPresent() ? OptionalDouble.of(right / count) : OptionalDouble.empty(),
                entropy / count,
                confidence / count,
                margin / count);
    }

    static int largest(double[] values, int start, int classes) {
        int largest = 0;
        for (int c = 1; c < classes; c++) {
            largest = values[start + c] > values[start + largest] ? c : largest;
        }
        return largest;
    }

    private static double second(double[] values, int start, int classes, int best) {
        double second = 0;
        for (int c = 0; c < classes; c++) {
            second = c == best ? second : Math.max(second, values[start + c]);
        }
        return second;
    }
}
