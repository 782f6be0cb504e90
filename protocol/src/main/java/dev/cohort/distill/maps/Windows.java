package dev.cohort.distill.maps;

/**
 * The windows of a square kernel over maps [B, C, H, W] of one size: window (y, x) begins at pixel {@code (y stride - padding, x
 * stride - padding)}, and what lies outside of the map is 0. Turns maps into the columns of a matrix and back: row {@code (c, u,
 * v)} of the matrix has the pixel (u, v) of channel c in every window of every map of a batch, windows of one map side by side.
 */
final class Windows {
    /** About as many windows go through a product of matrices at once: enough for long loops, few enough for the cache. */
    private static final int AT_ONCE = 64;

    /** Windows below each other. */
    final int height;
    /** Windows beside each other. */
    final int width;

    private final int size;
    private final int stride;
    /** Per element (u, v) of the kernel and row of windows: first pixel inside the map, its window, and the number of these. */
    private final int[] pixels;

    private final int[] windows;
    private final int[] counts;

    /**
     * @param size height and width of the kernel
     * @param mapHeight H
     * @param mapWidth W
     * @throws IllegalArgumentException when the kernel does not fit into the map and its padding
     */
    Windows(int size, int stride, int padding, int mapHeight, int mapWidth) {
        this.size = size;
        this.stride = stride;
        height = along(mapHeight, size, stride, padding);
        width = along(mapWidth, size, stride, padding);
        pixels = new int[size * size * height];
        windows = new int[pixels.length];
        counts = new int[pixels.length];
        for (int run = 0; run < pixels.length; run++) {
            int element = run / height;
            int y = run % height;
            int row = y * stride + element / size - padding;
            int shift = element % size - padding;
            int first = Math.max(0, Math.floorDiv(stride - 1 - shift, stride));
            int last = Math.min(width - 1, Math.floorDiv(mapWidth - 1 - shift, stride));
            if (row >= 0 && row < mapHeight && first <= last) {
                windows[run] = y * width + first;
                pixels[run] = row * mapWidth + first * stride + shift;
                counts[run] = last - first + 1;
            }
        }
    }

    private static int along(int length, int size, int stride, int padding) {
        int room = length + 2 * padding - size;
        if (room < 0) {
            throw new IllegalArgumentException("kernel of size " + size + " on a map of height or width " + length
                    + " with padding " + padding + ": must not be larger");
        }
        return room / stride + 1;
    }

    /** Every pixel of such maps is a window: the row c of the matrix has channel c. */
    static Windows ofPixels(FeatureMap map) {
        return new Windows(1, 1, 0, 1, map.positions());
    }

    /** Windows of one map. */
    int count() {
        return height * width;
    }

    /** Maps of a batch of {@code rows} whose columns are best made together. */
    int mapsAtOnce(int rows) {
        return Math.min(rows, Math.max(1, AT_ONCE / count()));
    }

    /**
     * Writes {@code maps} maps of the batch into columns.
     *
     * @param first of the maps
     * @param columns [C size size, at least maps * count], 0 or what an earlier call has left there
     */
    void gather(FeatureMap map, int first, int maps, double[][] columns) {
        for (int plane = 0; plane < maps * map.channels(); plane++) {
            int from = (first * map.channels() + plane) * map.positions();
            int to = plane / map.channels() * count();
            int row = plane % map.channels() * size * size;
            for (int element = 0; element < size * size; element++) {
                double[] column = columns[row + element];
                for (int run = element * height; run < (element + 1) * height; run++) {
                    if (stride == 1) {
                        System.arraycopy(map.values, from + pixels[run], column, to + windows[run], counts[run]);
                    } else {
                        for (int i = 0; i < counts[run]; i++) {
                            column[to + windows[run] + i] = map.values[from + pixels[run] + i * stride];
                        }
                    }
                }
            }
        }
    }

    /**
     * Adds columns to the pixels from which {@link #gather} takes them: its transposed.
     *
     * @param map 0 so far in the maps that are written
     */
    void scatter(double[][] columns, FeatureMap map, int first, int maps) {
        // No window of a single pixel shares it with another.
        boolean copies = size == 1 && stride == 1;
        for (int plane = 0; plane < maps * map.channels(); plane++) {
            int to = (first * map.channels() + plane) * map.positions();
            int from = plane / map.channels() * count();
            int row = plane % map.channels() * size * size;
            for (int element = 0; element < size * size; element++) {
                double[] column = columns[row + element];
                for (int run = element * height; run < (element + 1) * height; run++) {
                    int window = from + windows[run];
                    int pixel = to + pixels[run];
                    if (copies) {
                        System.arraycopy(column, window, map.values, pixel, counts[run]);
                    } else if (stride == 1) {
                        add(column, window, counts[run], map.values, pixel);
                    } else {
                        add(column, window, counts[run], map.values, pixel, stride);
                    }
                }
            }
        }
    }

    /** Apart from other strides: the JIT checks bounds once for a loop without a product in its index. */
    private static void add(double[] from, int at, int count, double[] to, int start) {
        for (int i = 0; i < count; i++) {
            to[start + i] += from[at + i];
        }
    }

    private static void add(double[] from, int at, int count, double[] to, int start, int stride) {
        for (int i = 0; i < count; i++) {
            to[start + i * stride] += from[at + i];
        }
    }
}
