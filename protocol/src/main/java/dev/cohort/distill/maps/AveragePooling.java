package dev.cohort.distill.maps;

/**
 * Average pooling of a map to a smaller size. Output row i is the mean of the input rows from {@code floor(i H / h)} to before
 * {@code ceil((i + 1) H / h)}, columns alike; where h divides H these are equal blocks. This is the adaptive pooling of PyTorch.
 */
public final class AveragePooling {
    private AveragePooling() {}

    /** A loss between two maps [B, ., H, W] of one size. */
    @FunctionalInterface
    interface OfOneSize {
        MapLoss loss(FeatureMap student, FeatureMap teacher);
    }

    /**
     * The loss of two maps after the larger one was pooled to the height and width of the smaller one, with the gradient at the
     * student's map as it was given. Source of the rule: HobbitLong/RepDistiller, {@code distiller_zoo/AT.py}.
     */
    static MapLoss onCommonSize(FeatureMap student, FeatureMap teacher, OfOneSize between) {
        student.requireSameRows(teacher);
        int height = Math.min(student.height(), teacher.height());
        int width = Math.min(student.width(), teacher.width());
        MapLoss loss = between.loss(pool(student, height, width), pool(teacher, height, width));
        return new MapLoss(loss.loss(), gradient(loss.gradient(), student.height(), student.width()));
    }

    /** The mean over all positions, [B, C, 1, 1]. */
    public static FeatureMap pool(FeatureMap map) {
        return pool(map, 1, 1);
    }

    /**
     * The map [B, C, height, width] of means; the map itself if it has that size.
     *
     * @param height at least 1 and at most that of the map
     * @param width at least 1 and at most that of the map
     */
    public static FeatureMap pool(FeatureMap map, int height, int width) {
        requireSmaller(map, height, width);
        if (height == map.height() && width == map.width()) {
            return map;
        }
        double[] pooled = new double[map.rows() * map.channels() * height * width];
        for (int i = 0; i < pooled.length; i++) {
            int y = i / width % height;
            int x = i % width;
            int plane = i / (height * width) * map.positions();
            double sum = 0;
            for (int row = start(y, map.height(), height); row < end(y, map.height(), height); row++) {
                for (int column = start(x, map.width(), width); column < end(x, map.width(), width); column++) {
                    sum += map.values[plane + row * map.width() + column];
                }
            }
            pooled[i] = sum / area(y, x, map.height(), map.width(), height, width);
        }
        return FeatureMap.wrap(map.rows(), map.channels(), height, width, pooled);
    }

    /**
     * The gradient at a map of size [height, width], given that at its means: each mean's gradient in equal shares at the
     * positions that it was made of.
     *
     * @param gradient with respect to the pooled map
     * @param height of the map before pooling
     * @param width of the map before pooling
     */
    public static FeatureMap gradient(FeatureMap gradient, int height, int width) {
        if (height == gradient.height() && width == gradient.width()) {
            return gradient;
        }
        double[] spread = new double[gradient.rows() * gradient.channels() * height * width];
        FeatureMap map = FeatureMap.wrap(gradient.rows(), gradient.channels(), height, width, spread);
        requireSmaller(map, gradient.height(), gradient.width());
        for (int i = 0; i < gradient.values.length; i++) {
            int y = i / gradient.width() % gradient.height();
            int x = i % gradient.width();
            int plane = i / gradient.positions() * map.positions();
            double share = gradient.values[i] / area(y, x, height, width, gradient.height(), gradient.width());
            for (int row = start(y, height, gradient.height()); row < end(y, height, gradient.height()); row++) {
                for (int column = start(x, width, gradient.width());
                        column < end(x, width, gradient.width());
                        column++) {
                    spread[plane + row * width + column] += share;
                }
            }
        }
        return map;
    }

    private static void requireSmaller(FeatureMap map, int height, int width) {
        if (height < 1 || height > map.height() || width < 1 || width > map.width()) {
            throw new IllegalArgumentException("pooling of feature map " + map + " to height " + height + " and width "
                    + width + ": must be at least 1 and at most that of the map");
        }
    }

    private static int start(int i, int from, int to) {
        return (int) ((long) i * from / to);
    }

    private static int end(int i, int from, int to) {
        return (int) (((long) (i + 1) * from + to - 1) / to);
    }

    private static int area(int y, int x, int height, int width, int toHeight, int toWidth) {
        return (end(y, height, toHeight) - start(y, height, toHeight))
                * (end(x, width, toWidth) - start(x, width, toWidth));
    }
}
