package dev.cohort.augment.data;

import dev.cohort.protocol.ImageShape;
import dev.cohort.protocol.Images;
import dev.cohort.tensor.Ints;
import java.nio.ByteBuffer;

/**
 * Immutable labelled images: uint8 pixels, row-major [image][row][column][channel] (NHWC), and one class id per image.
 * At most 2 GiB of pixels.
 */
public final class ImageSet {
    private final ImageShape shape;
    private final byte[] pixels;
    private final Ints labels;

    private ImageSet(ImageShape shape, byte[] pixels, Ints labels) {
        long expected = (long) labels.size() * shape.size();
        if (pixels.length != expected) {
            throw new IllegalArgumentException("pixels of " + pixels.length + " bytes: must be " + expected + " for "
                    + labels.size() + " images of " + shape);
        }
        this.shape = shape;
        this.pixels = pixels;
        this.labels = labels;
    }

    /** Copies {@code pixels} (NHWC) and labels. */
    public static ImageSet of(ImageShape shape, byte[] pixels, int... labels) {
        return new ImageSet(shape, pixels.clone(), Ints.of(labels));
    }

    /** Like {@link #of}, but keeps the array, which the caller must not use any more. */
    static ImageSet owning(ImageShape shape, byte[] pixels, int[] labels) {
        return new ImageSet(shape, pixels, Ints.of(labels));
    }

    public int count() {
        return labels.size();
    }

    public ImageShape shape() {
        return shape;
    }

    /** Class id of each image. */
    public Ints labels() {
        return labels;
    }

    /** All images; a view, nothing is copied. */
    public Images images() {
        return new Images(count(), shape, ByteBuffer.wrap(pixels));
    }

    /** Copies {@code columns} pixels of one image row, starting at {@code column}, to {@code target} at {@code offset}. */
    public void copyRow(int image, int row, int column, int columns, byte[] target, int offset) {
        int channels = shape.channels();
        int from = image * shape.size() + (row * shape.width() + column) * channels;
        System.arraycopy(pixels, from, target, offset, columns * channels);
    }

    /** The images at {@code indices}, in that order. */
    ImageSet select(Ints indices) {
        int size = shape.size();
        byte[] chosen = new byte[indices.size() * size];
        int[] chosenLabels = new int[indices.size()];
        for (int i = 0; i < indices.size(); i++) {
            System.arraycopy(pixels, indices.get(i) * size, chosen, i * size, size);
            chosenLabels[i] = labels.get(indices.get(i));
        }
        return owning(shape, chosen, chosenLabels);
    }
}
