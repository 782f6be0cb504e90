package dev.cohort.protocol;

import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Hasher;
import java.nio.ByteBuffer;

/**
 * Rendered images: {@code count} images of uint8 pixels, row-major [image][row][column][channel] (NHWC).
 *
 * @param pixels read-only, exactly {@code count * shape.size()} bytes, never changed afterwards
 */
public record Images(int count, ImageShape shape, ByteBuffer pixels) {
    public Images {
        Sayable.atLeast(0, count, "number of images");
        if (pixels.remaining() != (long) count * shape.size()) {
            throw new IllegalArgumentException("pixels of " + pixels.remaining() + " bytes: must be "
                    + (long) count * shape.size() + " for " + count + " images of " + shape);
        }
        pixels = pixels.slice().asReadOnlyBuffer();
    }

    /** A fresh view at position 0. */
    @Override
    public ByteBuffer pixels() {
        return pixels.duplicate();
    }

    /** Digest of shape and pixels: batches with equal digests are identical. */
    public Digest digest() {
        return new Hasher()
                .number(count)
                .number(shape.height())
                .number(shape.width())
                .number(shape.channels())
                .bytes(pixels)
                .digest();
    }
}
