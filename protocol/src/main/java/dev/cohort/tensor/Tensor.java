package dev.cohort.tensor;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * An immutable dense tensor: element type, shape and row-major little-endian bytes. A tensor decoded from a record is a view of
 * its bytes; nothing is copied. Elements are read as {@code double}: mathematics accumulates in double and rounds once, when the
 * result becomes a tensor.
 */
public final class Tensor {
    private final DType dtype;
    private final Ints shape;
    private final ByteBuffer bytes;

    private Tensor(DType dtype, Ints shape, ByteBuffer bytes) {
        this.dtype = dtype;
        this.shape = shape;
        this.bytes = bytes;
    }

    /**
     * A view of {@code bytes}, which must never change afterwards.
     *
     * @throws IllegalArgumentException when the remaining bytes are not exactly the product of the shape times the element
     *     size, a dimension is negative, or the tensor would have more than 2^31-1 elements
     */
    public static Tensor wrap(DType dtype, Ints shape, ByteBuffer bytes) {
        long expected = elements(shape) * dtype.bytes();
        if (bytes.remaining() != expected) {
            throw new IllegalArgumentException(
                    "tensor " + dtype + shape + " of " + bytes.remaining() + " bytes: must be " + expected);
        }
        return new Tensor(dtype, shape, bytes.slice().asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN));
    }

    /** Copies row-major {@code values}. */
    public static Tensor ofFloats(float[] values, int... shape) {
        ByteBuffer buffer = ByteBuffer.allocate(values.length * 4).order(ByteOrder.LITTLE_ENDIAN);
        buffer.asFloatBuffer().put(values);
        return wrap(DType.FLOAT32, Ints.of(shape), buffer);
    }

    /** Rounds row-major {@code values} once to {@code dtype}. */
    public static Tensor of(DType dtype, double[] values, int... shape) {
        ByteBuffer buffer = ByteBuffer.allocate(values.length * dtype.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        // Whole arrays at once: element by element, the bounds and the byte order would be looked up for each.
        switch (dtype) {
            case FLOAT16 -> {
                for (int i = 0; i < values.length; i++) {
                    buffer.putShort(i * 2, HalfFloat.of(values[i]));
                }
            }
            case FLOAT32 -> buffer.asFloatBuffer().put(rounded(values));
            case FLOAT64 -> buffer.asDoubleBuffer().put(values);
        }
        return wrap(dtype, Ints.of(shape), buffer);
    }

    private static float[] rounded(double[] values) {
        float[] rounded = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            rounded[i] = (float) values[i];
        }
        return rounded;
    }

    private static long elements(Ints shape) {
        long elements = 1;
        for (int i = 0; i < shape.size(); i++) {
            if (shape.get(i) < 0) {
                throw new IllegalArgumentException("tensor dimension " + shape.get(i) + ": must not be negative");
            }
            elements *= shape.get(i);
            // Both factors were below 2^31, so the product cannot have overflowed.
            if (elements > Integer.MAX_VALUE) {
                throw new IllegalArgumentException("tensor " + shape + ": must have at most 2^31-1 elements");
            }
        }
        return elements;
    }

    public DType dtype() {
        return dtype;
    }

    public Ints shape() {
        return shape;
    }

    /** Size of dimension {@code axis}. */
    public int dimension(int axis) {
        return shape.get(axis);
    }

    public int size() {
        return bytes.remaining() / dtype.bytes();
    }

    /** The element at row-major position {@code index}. */
    public double at(int index) {
        return switch (dtype) {
            case FLOAT16 -> HalfFloat.toFloat(bytes.getShort(index * 2));
            case FLOAT32 -> bytes.getFloat(index * 4);
            case FLOAT64 -> bytes.getDouble(index * 8);
        };
    }

    /** A fresh row-major array. */
    public double[] toDoubles() {
        double[] values = new double[size()];
        switch (dtype) {
            case FLOAT16 -> {
                for (int i = 0; i < values.length; i++) {
                    values[i] = at(i);
                }
            }
            case FLOAT32 -> widen(toFloats(), values);
            case FLOAT64 -> bytes().asDoubleBuffer().get(values);
        }
        return values;
    }

    private static void widen(float[] from, double[] to) {
        for (int i = 0; i < to.length; i++) {
            to[i] = from[i];
        }
    }

    /** A fresh row-major array, each element rounded once to float. */
    public float[] toFloats() {
        if (dtype != DType.FLOAT32) {
            return rounded(toDoubles());
        }
        float[] values = new float[size()];
        bytes().asFloatBuffer().get(values);
        return values;
    }

    /** The elements rounded once to {@code target}; this tensor itself if it already has that type. */
    public Tensor as(DType target) {
        return target == dtype ? this : of(target, toDoubles(), shape.toArray());
    }

    /** Read-only, little-endian, position 0. */
    public ByteBuffer bytes() {
        return bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Whether no element is NaN or infinite. Tests bits, for speed: every received tensor is checked. */
    public boolean isFinite() {
        return switch (dtype) {
            case FLOAT16 -> isFinite16();
            case FLOAT32 -> isFinite32();
            case FLOAT64 -> isFinite64();
        };
    }

    private boolean isFinite16() {
        int end = bytes.limit();
        boolean finite = true;
        for (int i = 0; i < end; i += 2) {
            finite &= (bytes.getShort(i) & 0x7c00) != 0x7c00;
        }
        return finite;
    }

    private boolean isFinite32() {
        int end = bytes.limit();
        boolean finite = true;
        for (int i = 0; i < end; i += 4) {
            finite &= (bytes.getInt(i) & 0x7f800000) != 0x7f800000;
        }
        return finite;
    }

    private boolean isFinite64() {
        int end = bytes.limit();
        boolean finite = true;
        for (int i = 0; i < end; i += 8) {
            finite &= (bytes.getLong(i) & 0x7ff0000000000000L) != 0x7ff0000000000000L;
        }
        return finite;
    }

    /** Compares type, shape and bits. */
    @Override
    public boolean equals(Object other) {
        return other instanceof Tensor tensor
                && dtype == tensor.dtype
                && shape.equals(tensor.shape)
                && bytes.equals(tensor.bytes);
    }

    @Override
    public int hashCode() {
        return 31 * shape.hashCode() + bytes.hashCode();
    }

    @Override
    public String toString() {
        return dtype + shape.toString();
    }
}
