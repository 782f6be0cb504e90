package dev.cohort.tensor;

/** Element type of a {@link Tensor}; all are stored little-endian. */
public enum DType {
    FLOAT16(2),
    FLOAT32(4),
    FLOAT64(8);

    private final int bytes;

    DType(int bytes) {
        this.bytes = bytes;
    }

    /** Bytes of one element. */
    public int bytes() {
        return bytes;
    }
}
