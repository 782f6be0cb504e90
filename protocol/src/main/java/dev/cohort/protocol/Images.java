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
            throw new IllegalArgumentException("images of " + pixels.remaining() + " bytes: " + count + " of " + shape
                    + " are " + (long) count * shape.size());
        }
        pixels = pixels.slice().asReadOnlyBuffer();
    }

    /** A fresh view at position 0. */
    @Override
    public ByteBuffer pixels() {
        return pixels.duplicate();
    }

    /** Digest of shape and pixels: equal digests, identical batches. */
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
