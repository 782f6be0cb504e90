package dev.cohort.augment;

import dev.cohort.protocol.Box;
import dev.cohort.protocol.ImageShape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The geometry of CutMix (Yun et al. 2019, as in clovaai/CutMix-PyTorch) and of its variants for several cuts or peers. */
final class Cuts {
    private Cuts() {}

    /**
     * The box of CutMix around a centre: {@code cut = sqrt(1 - lambda)}, sides {@code int(W cut)} and {@code int(H cut)},
     * extending half a side (rounded down) in each direction, clipped to the image.
     *
     * @param keep lambda, the share of the image that stays if nothing is clipped, 0..1
     * @param centerX 0..W-1
     * @param centerY 0..H-1
     */
    static Box around(ImageShape shape, double keep, int centerX, int centerY) {
        int halfWidth = side(shape.width(), keep) / 2;
        int halfHeight = side(shape.height(), keep) / 2;
        return new Box(
                Math.max(0, centerX - halfWidth),
                Math.max(0, centerY - halfHeight),
                Math.min(shape.width(), centerX + halfWidth),
                Math.min(shape.height(), centerY + halfHeight));
    }

    /** The box of CutMix, with its centre uniform over the image. */
    static Box clipped(ImageShape shape, double keep, Draws draws) {
        int centerX = draws.below(shape.width());
        int centerY = draws.below(shape.height());
        return around(shape, keep, centerX, centerY);
    }

    /**
     * A box of CutMix's size that lies entirely within the image, its corner uniform over all such positions. With clipping, its
     * area and therefore the label would differ between peers.
     */
    static Box unclipped(ImageShape shape, double keep, Draws draws) {
        int width = side(shape.width(), keep) / 2 * 2;
        int height = side(shape.height(), keep) / 2 * 2;
        int x = draws.below(shape.width() - width + 1);
        int y = draws.below(shape.height() - height + 1);
        return new Box(x, y, x + width, y + height);
    }

    private static int side(int length, double keep) {
        return (int) (length * StrictMath.sqrt(1 - keep));
    }

    /** The box that paints each pixel last when boxes are painted in order: 0 = none, k = box k; row-major [row][column]. */
    static int[] owners(ImageShape shape, List<Box> boxes) {
        int[] owners = new int[shape.height() * shape.width()];
        for (int k = 0; k < boxes.size(); k++) {
            Box box = boxes.get(k);
            for (int y = box.y1(); y < box.y2(); y++) {
                Arrays.fill(owners, y * shape.width() + box.x1(), y * shape.width() + box.x2(), k + 1);
            }
        }
        return owners;
    }

    /** The share of pixels of each source, source 0 being the image that is painted on. They sum to 1. */
    static List<Double> weights(ImageShape shape, List<Box> boxes) {
        int[] owners = owners(shape, boxes);
        int[] counts = new int[boxes.size() + 1];
        for (int owner : owners) {
            counts[owner]++;
        }
        List<Double> weights = new ArrayList<>();
        for (int count : counts) {
            weights.add(count / (double) owners.length);
        }
        return weights;
    }
}
