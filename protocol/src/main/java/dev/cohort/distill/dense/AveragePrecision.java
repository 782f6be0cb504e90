package dev.cohort.distill.dense;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalDouble;

/**
 * COCO's average precision over all areas, without crowds. In every image the detections of a class by falling score, at most
 * 100, each take the free labelled box of the class with the largest overlap, if that is at least the threshold. Over all images
 * by falling score, precision is made non-increasing from the right and read at the first rank whose recall is at least q / 100,
 * q = 0..100; where there is none it is 0. AP is the mean of the 101. Equal scores keep the order of images and, in an image,
 * of appearance. The recall is compared in whole numbers, where COCO's rounded steps can miss a rank.
 *
 * <p>Source: Lin et al., "Microsoft COCO", ECCV 2014, and its {@code pycocotools}.
 */
public final class AveragePrecision {
    private static final int DETECTIONS_MAX = 100;
    private static final int RECALLS = 100;

    private AveragePrecision() {}

    /** A box and its class, as labelled. */
    public record Labelled(BoundingBox box, int label) {}

    /** A box, the class that a detector gave it, and how sure the detector was. */
    public record Detected(BoundingBox box, int label, double score) {
        public Detected {
            if (Double.isNaN(score)) {
                throw new IllegalArgumentException("score NaN of a detection of class " + label + ": must be a number");
            }
        }
    }

    /** An image with what was found in it and what is in it. */
    public record Image(List<Detected> detected, List<Labelled> labelled) {
        public Image {
            detected = List.copyOf(detected);
            labelled = List.copyOf(labelled);
        }
    }

    /** A detection that was ranked, and whether it took a labelled box. */
    private record Ranked(double score, boolean hit) {}

    /**
     * The average precision of one class.
     *
     * @param threshold least overlap of a hit, above 0
     * @return empty for a class that is labelled nowhere
     */
    public static OptionalDouble of(List<Image> images, int label, double threshold) {
        List<Ranked> ranked = new ArrayList<>();
        long labelled = 0;
        for (Image image : images) {
            List<BoundingBox> boxes = image.labelled().stream()
                    .filter(one -> one.label() == label)
                    .map(Labelled::box)
                    .toList();
            labelled += boxes.size();
            ranked.addAll(matched(image.detected(), label, boxes, threshold));
        }
        if (labelled == 0) {
            return OptionalDouble.empty();
        }
        // Stable, so equal scores stay in the order of images.
        ranked.sort(Comparator.comparingDouble(Ranked::score).reversed());
        return OptionalDouble.of(area(ranked, labelled));
    }

    /**
     * The mean over classes and thresholds, without classes that are labelled nowhere; empty if none is labelled.
     *
     * @param classes C
     * @param thresholds least overlaps of a hit: 0.5, 0.55, ..., 0.95 for COCO's AP, 0.5 alone for AP50
     */
    public static OptionalDouble mean(List<Image> images, int classes, List<Double> thresholds) {
        double sum = 0;
        int count = 0;
        for (int label = 0; label < classes; label++) {
            for (double threshold : thresholds) {
                OptionalDouble one = of(images, label, threshold);
                sum += one.orElse(0);
                count += one.isPresent() ? 1 : 0;
            }
        }
        return count == 0 ? OptionalDouble.empty() : OptionalDouble.of(sum / count);
    }

    private static List<Ranked> matched(List<Detected> detected, int label, List<BoundingBox> boxes, double threshold) {
        List<Detected> sure = detected.stream()
                .filter(one -> one.label() == label)
                .sorted(Comparator.comparingDouble(Detected::score).reversed())
                .limit(DETECTIONS_MAX)
                .toList();
        boolean[] taken = new boolean[boxes.size()];
        List<Ranked> ranked = new ArrayList<>();
        for (Detected one : sure) {
            ranked.add(new Ranked(one.score(), takesOne(one.box(), boxes, taken, threshold)));
        }
        return ranked;
    }

    private static boolean takesOne(BoundingBox box, List<BoundingBox> boxes, boolean[] taken, double threshold) {
        double largest = threshold;
        int best = -1;
        for (int i = 0; i < taken.length; i++) {
            double overlap = box.intersectionOverUnion(boxes.get(i));
            // Of equal overlaps the last one, as in COCO's code.
            if (!taken[i] && overlap >= largest) {
                largest = overlap;
                best = i;
            }
        }
        if (best >= 0) {
            taken[best] = true;
        }
        return best >= 0;
    }

    private static double area(List<Ranked> ranked, long labelled) {
        double[] precision = new double[ranked.size()];
        long[] hits = new long[ranked.size()];
        long found = 0;
        for (int rank = 0; rank < precision.length; rank++) {
            found += ranked.get(rank).hit() ? 1 : 0;
            hits[rank] = found;
            precision[rank] = (double) found / (rank + 1);
        }
        for (int rank = precision.length - 2; rank >= 0; rank--) {
            precision[rank] = Math.max(precision[rank], precision[rank + 1]);
        }
        double sum = 0;
        int rank = 0;
        for (int q = 0; q <= RECALLS; q++) {
            while (rank < hits.length && hits[rank] * RECALLS < q * labelled) {
                rank++;
            }
            sum += rank < hits.length ? precision[rank] : 0;
        }
        return sum / (RECALLS + 1);
    }
}
