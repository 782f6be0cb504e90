package dev.cohort.distill.dense;

import dev.cohort.tensor.Ints;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/**
 * How often pixels of each class were taken for each class, over a whole set of images. Pixels to be ignored do not count.
 *
 * <p>Source of the scores: mmsegmentation, {@code iou_metric.py}.
 */
public final class Confusion {
    private final int classes;
    private final long[] counts;

    private Confusion(int classes, long[] counts) {
        this.classes = classes;
        this.counts = counts;
    }

    /** Of no pixel yet. */
    public static Confusion none(int classes) {
        if (classes < 1) {
            throw new IllegalArgumentException("confusion of " + classes + " classes: must be of at least 1");
        }
        return new Confusion(classes, new long[classes * classes]);
    }

    /**
     * With the pixels of a batch added.
     *
     * @param labels of as many classes
     * @param prediction class of every pixel, row-major; may be anything where the pixel is ignored
     */
    public Confusion plus(PixelLabels labels, Ints prediction) {
        if (labels.classes() != classes || prediction.size() != labels.labels().size()) {
            throw new IllegalArgumentException(
                    prediction.size() + " predictions for " + labels.labels().size() + " labels of " + labels.classes()
                            + " classes: must be as many, of " + classes + " classes");
        }
        long[] sum = counts.clone();
        for (int i = 0; i < prediction.size(); i++) {
            if (labels.counts(i)) {
                if (prediction.get(i) < 0 || prediction.get(i) >= classes) {
                    throw new IllegalArgumentException("prediction " + prediction.get(i) + " of pixel " + i
                            + ": must be from 0 to below " + classes);
                }
                sum[labels.labels().get(i) * classes + prediction.get(i)]++;
            }
        }
        return new Confusion(classes, sum);
    }

    /** Pixels of class {@code label} that were taken for class {@code prediction}. */
    public long count(int label, int prediction) {
        return counts[label * classes + prediction];
    }

    /**
     * Intersection over union per class: {@code hits / (labelled + predicted - hits)}. Empty for a class that occurs nowhere; 0
     * for one that is only labelled or only predicted.
     */
    public List<OptionalDouble> intersectionOverUnion() {
        List<OptionalDouble> scores = new ArrayList<>();
        for (int k = 0; k < classes; k++) {
            long union = -count(k, k);
            for (int other = 0; other < classes; other++) {
                union += count(k, other) + count(other, k);
            }
            scores.add(union == 0 ? OptionalDouble.empty() : OptionalDouble.of((double) count(k, k) / union));
        }
        return scores;
    }

    /** mIoU: the mean over the classes that occur; empty without any. */
    public OptionalDouble meanIntersectionOverUnion() {
        double sum = 0;
        int occurring = 0;
        for (OptionalDouble score : intersectionOverUnion()) {
            sum += score.orElse(0);
            occurring += score.isPresent() ? 1 : 0;
        }
        return occurring == 0 ? OptionalDouble.empty() : OptionalDouble.of(sum / occurring);
    }

    /** The share of pixels taken for their class; empty without pixels. */
    public OptionalDouble pixelAccuracy() {
        long hits = 0;
        long all = 0;
        for (int i = 0; i < counts.length; i++) {
            hits += i / classes == i % classes ? counts[i] : 0;
            all += counts[i];
        }
        return all == 0 ? OptionalDouble.empty() : OptionalDouble.of((double) hits / all);
    }
}
