package dev.cohort.tensor;

/** Element type of a {@link Tensor}; all are stored little-endian. */
public enum DType {
    FLOAT16(2, "FLOAT16"),
    FLOAT32(4, "FLOAT32"),
    FLOAT64(8, "FLOAT64");

    private final int bytes;
    private final String digestName;

    DType(int bytes, String digestName) {
        this.bytes = bytes;
        this.digestName = digestName;
    }

    /** Bytes of one element. */
    public int bytes() {
        return bytes;
    }

    /** The type's name in digests: part of the protocol, never changed. */
    String digestName() {
        return digestName;
    }
}
