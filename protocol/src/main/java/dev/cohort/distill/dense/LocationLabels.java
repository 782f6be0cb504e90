package dev.cohort.distill.dense;

import dev.cohort.tensor.Ints;
import dev.cohort.tensor.Tensor;

/**
 * What a dense detector should say at each location of a batch: a class and a box, or background.
 *
 * @param labels class per image and location [B L], or {@link #BACKGROUND}
 * @param boxes [B, L, 4] as x1, y1, x2, y2; of no meaning at background
 * @param classes C
 */
public record LocationLabels(Ints labels, Tensor boxes, int classes) {
    /** The label of a location that has no object. */
    public static final int BACKGROUND = -1;

    public LocationLabels {
        boolean fits = boxes.shape().size() == 3
                && boxes.dimension(2) == 4
                && boxes.dimension(0) * boxes.dimension(1) == labels.size();
        if (!fits) {
            throw new IllegalArgumentException(labels.size() + " labels of locations with boxes of shape "
                    + boxes.shape() + ": must be B L labels and boxes [B, L, 4]");
        }
        for (int i = 0; i < labels.size(); i++) {
            if (labels.get(i) < BACKGROUND || labels.get(i) >= classes) {
                throw new IllegalArgumentException("label " + labels.get(i) + " of location " + i
                        + ": must be from 0 to below " + classes + ", or " + BACKGROUND + " for background");
            }
        }
    }

    /** Whether a location, counted through all images, has an object. */
    public boolean isForeground(int location) {
        return labels.get(location) != BACKGROUND;
    }

    /** The number of locations with an object in the batch. */
    public int foreground() {
        int foreground = 0;
        for (int i = 0; i < labels.size(); i++) {
            foreground += isForeground(i) ? 1 : 0;
        }
        return foreground;
    }

    static BoundingBox box(Tensor boxes, int location) {
        int at = location * 4;
        return new BoundingBox(boxes.at(at), boxes.at(at + 1), boxes.at(at + 2), boxes.at(at + 3));
    }
}
