package dev.cohort.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class HasherTest {
    @Test
    void isSha256OfLittleEndianNumbersAndLengthPrefixedBytes() {
        // printf '\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0hi' | sha256sum
        assertThat(new Hasher().number(1).text("hi").digest().hex())
                .isEqualTo(sha256("0100000000000000" + "0200000000000000" + "6869"));
        assertThat(new Hasher().number(1.0).digest().hex()).isEqualTo(sha256("000000000000f03f"));
        assertThat(new Hasher().ints(Ints.of(3, -1)).digest().hex())
                .isEqualTo(sha256("0200000000000000" + "0300000000000000" + "ffffffffffffffff"));
        assertThat(new Hasher().digest().hex())
                .isEqualTo("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }

    @Test
    void hashesATensorByTypeShapeAndBytes() {
        assertThat(new Hasher()
                        .tensor(Tensor.ofFloats(new float[] {1}, 1, 1))
                        .digest()
                        .hex())
                .isEqualTo(sha256("0700000000000000"
                        + HexFormat.of().formatHex("FLOAT32".getBytes(java.nio.charset.StandardCharsets.US_ASCII))
                        + "0200000000000000" + "0100000000000000" + "0100000000000000"
                        + "0400000000000000" + "0000803f"));
    }

    @Test
    void separatesWhatPlainConcatenationWouldConfuse() {
        assertThat(new Hasher().text("ab").text("c").digest())
                .isNotEqualTo(new Hasher().text("a").text("bc").digest());
        assertThat(new Hasher().ints(Ints.of(1)).ints(Ints.of()).digest())
                .isNotEqualTo(new Hasher().ints(Ints.of()).ints(Ints.of(1)).digest());
    }

    @Test
    void resetsAfterADigest() {
        Hasher hasher = new Hasher().number(5);
        Digest first = hasher.digest();
        assertThat(hasher.number(5).digest()).isEqualTo(first);
    }

    @Test
    void doesNotMoveBuffers() {
        ByteBuffer buffer = ByteBuffer.wrap(new byte[] {9, 1, 2, 9}).position(1).limit(3);
        assertThat(Digest.of(buffer)).isEqualTo(Digest.of(ByteBuffer.wrap(new byte[] {1, 2})));
        assertThat(buffer.remaining()).isEqualTo(2);
    }

    @Test
    void readsAndWritesDigests() {
        Digest digest = new Hasher().number(1).digest();
        assertThat(Digest.ofHex(digest.hex())).isEqualTo(digest).hasSameHashCodeAs(digest);
        assertThat(Digest.ofBytes(digest.toBytes())).isEqualTo(digest);
        assertThat(digest.hex()).hasSize(64).startsWith(digest.shortHex());
        assertThatThrownBy(() -> Digest.ofHex("00"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("digest of 1 bytes: must be 32");
    }

    private static String sha256(String hex) {
        try {
            return HexFormat.of()
                    .formatHex(java.security.MessageDigest.getInstance("SHA-256")
                            .digest(HexFormat.of().parseHex(hex)));
        } catch (java.security.NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
