package dev.cohort.tensor;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;

/** A SHA-256 digest. */
public final class Digest {
    public static final int BYTES = 32;

    private final byte[] value;

    private Digest(byte[] value) {
        this.value = value;
    }

    /**
     * Copies {@code value}.
     *
     * @throws IllegalArgumentException unless it has exactly 32 bytes
     */
    public static Digest ofBytes(byte[] value) {
        if (value.length != BYTES) {
            throw new IllegalArgumentException("digest of " + value.length + " bytes: must be " + BYTES);
        }
        return new Digest(value.clone());
    }

    /** Parses 64 hexadecimal digits. */
    public static Digest ofHex(String hex) {
        return ofBytes(HexFormat.of().parseHex(hex));
    }

    /** The digest of the remaining bytes of {@code content}; its position does not change. */
    public static Digest of(ByteBuffer content) {
        return new Hasher().bytes(content).digest();
    }

    public byte[] toBytes() {
        return value.clone();
    }

    public String hex() {
        return HexFormat.of().formatHex(value);
    }

    /** The first 8 hexadecimal digits, for people. */
    public String shortHex() {
        return hex().substring(0, 8);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Digest digest && Arrays.equals(value, digest.value);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(value);
    }

    @Override
    public String toString() {
        return shortHex();
    }
}
