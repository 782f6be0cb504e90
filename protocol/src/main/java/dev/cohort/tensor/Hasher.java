package dev.cohort.tensor;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * SHA-256 over a sequence of values in a canonical form: numbers are 8 bytes little-endian, text and bytes are preceded by their
 * length. A digest therefore depends on content alone, never on how a message was encoded.
 */
public final class Hasher {
    private final MessageDigest sha;
    private final ByteBuffer word = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);

    public Hasher() {
        try {
            sha = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("SHA-256 is part of every Java platform", e);
        }
    }

    public Hasher number(long value) {
        word.clear();
        word.putLong(value).flip();
        sha.update(word);
        return this;
    }

    /** Hashes the bits of {@code value}; -0.0 and 0.0 differ. */
    public Hasher number(double value) {
        return number(Double.doubleToRawLongBits(value));
    }

    public Hasher text(String value) {
        byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
        number(utf8.length);
        sha.update(utf8);
        return this;
    }

    public Hasher ints(Ints values) {
        number(values.size());
        values.stream().forEach(this::number);
        return this;
    }

    public Hasher tensor(Tensor tensor) {
        text(tensor.dtype().digestName());
        ints(tensor.shape());
        return bytes(tensor.bytes());
    }

    public Hasher digest(Digest digest) {
        sha.update(digest.toBytes());
        return this;
    }

    /** Hashes length and remaining bytes; the buffer's position does not change. */
    public Hasher bytes(ByteBuffer content) {
        number(content.remaining());
        sha.update(content.duplicate());
        return this;
    }

    /** Ends the sequence and resets this hasher. */
    public Digest digest() {
        return Digest.ofBytes(sha.digest());
    }
}
