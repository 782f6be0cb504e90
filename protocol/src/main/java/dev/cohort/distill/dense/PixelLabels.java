package dev.cohort.distill.dense;

import dev.cohort.distill.maps.FeatureMap;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.Tensor;

/**
 * The class of every pixel of a batch, or a label that says to ignore it. The pixels that are not ignored, V of the whole batch,
 * are the rows of a classification: every method on logits [B, C] is one on segmentation with the logits [V, C] of these pixels.
 *
 * @param images B
 * @param height H
 * @param width W
 * @param labels [B H W], row-major
 * @param classes C
 * @param ignore the label of pixels that do not count; not one of the classes
 */
public record PixelLabels(int images, int height, int width, Ints labels, int classes, int ignore) {
    public PixelLabels {
        if (images < 1 || height < 1 || width < 1 || (double) images * height * width != labels.size()) {
            throw new IllegalArgumentException(labels.size() + " labels of pixels [" + images + ", " + height + ", "
                    + width + "]: must be one for each pixel, every size at least 1");
        }
        if (ignore >= 0 && ignore < classes) {
            throw new IllegalArgumentException(
                    "label to ignore " + ignore + ": must not be one of the " + classes + " classes");
        }
        for (int i = 0; i < labels.size(); i++) {
            int label = labels.get(i);
            if (label != ignore && (label < 0 || label >= classes)) {
                throw new IllegalArgumentException("label " + label + " of pixel " + i + ": must be from 0 to below "
                        + classes + ", or " + ignore + " to be ignored");
            }
        }
    }

    /** Whether the pixel at a row-major position counts. */
    public boolean counts(int pixel) {
        return labels.get(pixel) != ignore;
    }

    /** The size of V. */
    public int pixels() {
        int pixels = 0;
        for (int i = 0; i < labels.size(); i++) {
            pixels += counts(i) ? 1 : 0;
        }
        return pixels;
    }

    /** The labels of V as distributions [V, C]. */
    public Tensor targets() {
        double[] targets = new double[pixels() * classes];
        int row = 0;
        for (int i = 0; i < labels.size(); i++) {
            if (counts(i)) {
                targets[row * classes + labels.get(i)] = 1;
                row++;
            }
        }
        return Tensor.of(DType.FLOAT64, targets, row, classes);
    }

    /**
     * The logits [V, C] of V, in the order of the pixels.
     *
     * @param logits [B, C, H, W]
     */
    public Tensor rows(FeatureMap logits) {
        requireShape(logits);
        double[] values = logits.toDoubles();
        double[] rows = new double[pixels() * classes];
        int to = 0;
        for (int i = 0; i < labels.size(); i++) {
            for (int c = 0; c < classes && counts(i); c++) {
                rows[to] = values[position(i, c)];
                to++;
            }
        }
        return Tensor.of(DType.FLOAT64, rows, rows.length / classes, classes);
    }

    /**
     * The map [B, C, H, W] of rows [V, C]; zeros at pixels that do not count.
     *
     * @param rows such as the gradient of a loss with respect to {@link #rows}
     */
    public FeatureMap map(Tensor rows) {
        if (rows.shape().size() != 2 || rows.dimension(0) != pixels() || rows.dimension(1) != classes) {
            throw new IllegalArgumentException("rows of shape " + rows.shape() + " of labelled pixels: must be ["
                    + pixels() + ", " + classes + "]");
        }
        double[] values = new double[labels.size() * classes];
        int from = 0;
        for (int i = 0; i < labels.size(); i++) {
            for (int c = 0; c < classes && counts(i); c++) {
                values[position(i, c)] = rows.at(from);
                from++;
            }
        }
        return FeatureMap.of(images, classes, height, width, values);
    }

    private int position(int pixel, int channel) {
        int positions = height * width;
        return (pixel / positions * classes + channel) * positions + pixel % positions;
    }

    private void requireShape(FeatureMap logits) {
        boolean fits = logits.rows() == images
                && logits.channels() == classes
                && logits.height() == height
                && logits.width() == width;
        if (!fits) {
            throw new IllegalArgumentException("logits " + logits + " of labelled pixels: must be [" + images + ", "
                    + classes + ", " + height + ", " + width + "]");
        }
    }
}
