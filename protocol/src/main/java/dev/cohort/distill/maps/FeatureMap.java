package dev.cohort.distill.maps;

import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.Tensor;
import java.util.Arrays;

/**
 * An immutable feature map [B, C, H, W] in {@code double}: rows of a batch, channels, height, width. Values are row-major. A
 * pooled feature is a map of height and width 1.
 */
public final class FeatureMap {
    private final int rows;
    private final int channels;
    private final int height;
    private final int width;

    /** Never written after construction. */
    final double[] values;

    private FeatureMap(int rows, int channels, int height, int width, double[] values) {
        if (rows < 1 || channels < 1 || height < 1 || width < 1) {
            throw new IllegalArgumentException(
                    "feature map " + shape(rows, channels, height, width) + ": every size must be at least 1");
        }
        if ((double) rows * channels * height * width != values.length) {
            throw new IllegalArgumentException("feature map " + shape(rows, channels, height, width) + " of "
                    + values.length + " values: must have as many as its shape says");
        }
        this.rows = rows;
        this.channels = channels;
        this.height = height;
        this.width = width;
        this.values = values;
    }

    /**
     * Copies row-major {@code values}.
     *
     * @throws IllegalArgumentException when a size is below 1, or the number of values is not the product of the sizes
     */
    public static FeatureMap of(int rows, int channels, int height, int width, double[] values) {
        return new FeatureMap(rows, channels, height, width, values.clone());
    }

    /**
     * The values of {@code tensor}.
     *
     * @param tensor [B, C, H, W], or [B, C], which becomes [B, C, 1, 1]
     * @throws IllegalArgumentException when the tensor has another number of dimensions, or one of size 0
     */
    public static FeatureMap of(Tensor tensor) {
        Ints shape = tensor.shape();
        if (shape.size() != 2 && shape.size() != 4) {
            throw new IllegalArgumentException("feature map of shape " + shape + ": must be [B, C, H, W] or [B, C]");
        }
        boolean pooled = shape.size() == 2;
        return new FeatureMap(
                shape.get(0), shape.get(1), pooled ? 1 : shape.get(2), pooled ? 1 : shape.get(3), tensor.toDoubles());
    }

    /** Takes {@code values} over. */
    static FeatureMap wrap(int rows, int channels, int height, int width, double[] values) {
        return new FeatureMap(rows, channels, height, width, values);
    }

    /** A map of zeros, whose values are to be written before anybody else sees it. */
    static FeatureMap blank(int rows, int channels, int height, int width) {
        return new FeatureMap(rows, channels, height, width, new double[rows * channels * height * width]);
    }

    /** A map of the same shape, which takes {@code other} over. */
    FeatureMap like(double[] other) {
        return new FeatureMap(rows, channels, height, width, other);
    }

    /** B. */
    public int rows() {
        return rows;
    }

    /** C. */
    public int channels() {
        return channels;
    }

    /** H. */
    public int height() {
        return height;
    }

    /** W. */
    public int width() {
        return width;
    }

    /** H W. */
    public int positions() {
        return height * width;
    }

    /** A fresh row-major array. */
    public double[] toDoubles() {
        return values.clone();
    }

    /** The values [B, C, H, W], each rounded once to {@code type}. */
    public Tensor tensor(DType type) {
        return Tensor.of(type, values, rows, channels, height, width);
    }

    /** The sum of two maps of one shape. */
    public FeatureMap plus(FeatureMap other) {
        return plus(other, 1);
    }

    /** {@code this + factor * other}. */
    FeatureMap plus(FeatureMap other, double factor) {
        requireSameShape(other);
        double[] sum = values.clone();
        for (int i = 0; i < sum.length; i++) {
            sum[i] += factor * other.values[i];
        }
        return like(sum);
    }

    /** A map of the same shape with only zeros. */
    public FeatureMap zeros() {
        return like(new double[values.length]);
    }

    void requireSameShape(FeatureMap other) {
        if (!sameShape(other)) {
            throw new IllegalArgumentException(
                    "feature map " + this + " beside " + other + ": must have the same shape");
        }
    }

    void requireSameRows(FeatureMap teacher) {
        if (rows != teacher.rows) {
            throw new IllegalArgumentException("student's feature map " + this + " beside the teacher's " + teacher
                    + ": must be of the same batch, so have the same number of rows");
        }
    }

    void requireSameChannels(FeatureMap teacher) {
        if (channels != teacher.channels) {
            throw new IllegalArgumentException("student's feature map " + this + " beside the teacher's " + teacher
                    + ": must have as many channels, or pass through an adapter first");
        }
    }

    private boolean sameShape(FeatureMap other) {
        return rows == other.rows && channels == other.channels && height == other.height && width == other.width;
    }

    private static String shape(int rows, int channels, int height, int width) {
        return "[" + rows + ", " + channels + ", " + height + ", " + width + "]";
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof FeatureMap map && sameShape(map) && Arrays.equals(values, map.values);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(values) + channels;
    }

    /** The shape. */
    @Override
    public String toString() {
        return shape(rows, channels, height, width);
    }
}
