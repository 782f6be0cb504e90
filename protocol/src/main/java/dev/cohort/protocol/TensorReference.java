package dev.cohort.protocol;

import dev.cohort.tensor.DType;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Hasher;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.Tensor;

/**
 * Stands in a message for a tensor that is too large for it. The bytes travel in {@link TensorPiece}s.
 *
 * @param dtype element type
 * @param shape at most {@link Limits#mapBytesMax} bytes
 * @param content SHA-256 of the elements' bytes
 */
public record TensorReference(DType dtype, Ints shape, Digest content) {
    public TensorReference {
        Sayable.atMost(Limits.DEFAULT.rankMax(), shape.size(), "dimensions of a tensor in pieces");
        long bytes = dtype.bytes();
        for (int i = 0; i < shape.size(); i++) {
            Sayable.atLeast(1, shape.get(i), "length of a tensor in pieces");
            bytes *= Math.min(shape.get(i), Limits.DEFAULT.mapBytesMax() + 1);
            Sayable.atMost(Limits.DEFAULT.mapBytesMax(), bytes, "bytes of a tensor in pieces");
        }
    }

    /** The reference to {@code tensor}. */
    public static TensorReference of(Tensor tensor) {
        return new TensorReference(tensor.dtype(), tensor.shape(), Digest.of(tensor.bytes()));
    }

    /** Bytes of all elements. */
    public int bytes() {
        int bytes = dtype.bytes();
        for (int i = 0; i < shape.size(); i++) {
            bytes *= shape.get(i);
        }
        return bytes;
    }

    /** Adds this reference to a digest. */
    void hash(Hasher hasher) {
        hasher.text(dtype.name()).ints(shape).digest(content);
    }

    @Override
    public String toString() {
        return dtype + shape.toString();
    }
}
