package dev.cohort.distill;

import dev.cohort.tensor.Ints;
import dev.cohort.tensor.Tensor;

/**
 * Accuracy and cross-entropy of logits on labelled images.
 *
 * @param accuracy share of rows whose first largest logit is the label, 0..1
 * @param crossEntropy mean of -log softmax(z)[label]
 */
public record TestScore(double accuracy, double crossEntropy) {
    /** Scores {@code logits} [N, C] against N class ids. */
    public static TestScore of(Tensor logits, Ints labels) {
        if (logits.dimension(0) != labels.size()) {
            throw new IllegalArgumentException(
                    "logits of " + logits.dimension(0) + " rows for " + labels.size() + " labels: must be equal");
        }
        int classes = logits.dimension(1);
        int right = 0;
        double loss = 0;
        for (int row = 0; row < labels.size(); row++) {
            int best = 0;
            for (int c = 1; c < classes; c++) {
                if (logits.at(row * classes + c) > logits.at(row * classes + best)) {
                    best = c;
                }
            }
            double max = logits.at(row * classes + best);
            double sum = 0;
            for (int c = 0; c < classes; c++) {
                sum += StrictMath.exp(logits.at(row * classes + c) - max);
            }
            loss += StrictMath.log(sum) - (logits.at(row * classes + labels.get(row)) - max);
            right += best == labels.get(row) ? 1 : 0;
        }
        return labels.size() == 0
                ? new TestScore(0, 0)
                : new TestScore((double) right / labels.size(), loss / labels.size());
    }
}
