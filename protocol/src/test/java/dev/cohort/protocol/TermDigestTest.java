package dev.cohort.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.protocol.Term.Audience;
import dev.cohort.protocol.Term.Space;
import dev.cohort.protocol.Term.Vote;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Hasher;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** The words in digests are those of PROTOCOL.md. They are written out here: a rename in Java must not change a digest. */
class TermDigestTest {
    private static final Tensor VALUE = Tensor.of(DType.FLOAT64, new double[] {2}, 1, 1);
    private static final Digest STATE = Digest.ofBytes(new byte[Digest.BYTES]);
    private static final PeerId PEER = new PeerId("p1");

    @Test
    void hashesEachKindOfTermByItsFixedWord() {
        assertThat(digest(new Term.GatedCrossEntropy("t", VALUE, 0.5)))
                .isEqualTo(term("GatedCrossEntropy").tensor().number(0.5).digest());
        assertThat(digest(new Term.LeafGradient("t", "features", VALUE)))
                .isEqualTo(term("LeafGradient").text("features").tensor().digest());
        assertThat(digest(new Term.CrossEntropy("t", 0.5)))
                .isEqualTo(term("CrossEntropy").number(0.5).digest());
        assertThat(digest(new Term.OwnBranches("t", 0.5, 3)))
                .isEqualTo(term("OwnBranches").number(0.5).number(3.0).digest());
        SortedMap<String, Double> figures = new TreeMap<>();
        figures.put("share", 0.25);
        assertThat(digest(new Term.Figures("t", figures)))
                .isEqualTo(term("Figures").number(1).text("share").number(0.25).digest());
        assertThat(digest(new Term.Copies("t", List.of(new Term.Copy(1, NamedTensors.of("w", VALUE))))))
                .isEqualTo(term("Copies")
                        .number(1)
                        .number(1)
                        .raw(new Words().number(1).text("w").tensor().digest())
                        .digest());
    }

    @Test
    void hashesTheConstantsOfSoftTargetsByTheirFixedWords() {
        assertThat(digest(soft(Space.LOGITS, Vote.INCLUDED, Audience.EVERYBODY)))
                .isEqualTo(soft("LOGITS", "INCLUDED", "EVERYBODY"));
        assertThat(digest(soft(Space.PROBABILITIES, Vote.LEFT_OUT, Audience.CONTRIBUTORS)))
                .isEqualTo(soft("PROBABILITIES", "LEFT_OUT", "CONTRIBUTORS"));
        assertThat(digest(soft(Space.LOGITS, Vote.OWN_TEACHER_LEFT_OUT, Audience.OTHERS)))
                .isEqualTo(soft("LOGITS", "OWN_TEACHER_LEFT_OUT", "OTHERS"));
    }

    @Test
    void hashesTheFormsOfOwnTargetsByTheirFixedWords() {
        assertThat(digest(new Term.OwnTarget("t", Term.OwnTarget.Form.DIVERGENCE, 0.5, 3)))
                .isEqualTo(term("OwnTarget")
                        .text("DIVERGENCE")
                        .number(0.5)
                        .number(3.0)
                        .digest());
        assertThat(digest(new Term.OwnTarget("t", Term.OwnTarget.Form.SQUARES, 0.5, 3)))
                .isEqualTo(term("OwnTarget")
                        .text("SQUARES")
                        .number(0.5)
                        .number(3.0)
                        .digest());
    }

    @Test
    void hashesTheReasonOfAStepWithoutTargetsByItsFixedWord() {
        assertThat(skipped(Outcome.SkipReason.TOO_FEW)).isEqualTo(skipped("TOO_FEW"));
        assertThat(skipped(Outcome.SkipReason.INDEPENDENT)).isEqualTo(skipped("INDEPENDENT"));
        assertThat(skipped(Outcome.SkipReason.NOT_FINITE)).isEqualTo(skipped("NOT_FINITE"));
    }

    @Test
    void hashesTheTypesOfTensorsByTheirFixedWords() {
        assertThat(typed(DType.FLOAT16)).isEqualTo(typed("FLOAT16", 2));
        assertThat(typed(DType.FLOAT32)).isEqualTo(typed("FLOAT32", 4));
        assertThat(typed(DType.FLOAT64)).isEqualTo(typed("FLOAT64", 8));
    }

    @Test
    void hashesAnAddressedPart() {
        assertThat(new Addressed(7, 0, PEER, 2, List.of(new Term.CrossEntropy("t", 0.5))).digest())
                .isEqualTo(new Words()
                        .number(7)
                        .number(0)
                        .text("p1")
                        .number(2)
                        .number(1)
                        .text("CrossEntropy")
                        .text("t")
                        .number(0.5)
                        .digest());
    }

    private static Term soft(Space space, Vote vote, Audience audience) {
        return new Term.SoftTarget("t", VALUE, space, vote, 0.5, 3, audience);
    }

    private static Digest soft(String space, String vote, String audience) {
        return term("SoftTarget")
                .tensor()
                .text(space)
                .text(vote)
                .number(0.5)
                .number(3.0)
                .text(audience)
                .digest();
    }

    private static Digest skipped(Outcome.SkipReason reason) {
        return new Outcome(7, 0, "anybody", STATE, List.of(), new Outcome.Skipped(reason)).digest();
    }

    private static Digest skipped(String word) {
        return new Words().number(7).number(0).raw(STATE).number(0).text(word).digest();
    }

    private static Digest typed(DType type) {
        return new Hasher().tensor(Tensor.of(type, new double[] {0}, 1)).digest();
    }

    private static Digest typed(String word, int bytes) {
        return new Words()
                .text(word)
                .number(1)
                .number(1)
                .number(bytes)
                .zeros(bytes)
                .digest();
    }

    private static Digest digest(Term term) {
        Hasher hasher = new Hasher();
        TermDigest.hash(List.of(term), hasher);
        return hasher.digest();
    }

    /** One term called t of this kind. */
    private static Words term(String kind) {
        return new Words().number(1).text(kind).text("t");
    }

    /** The canonical bytes of PROTOCOL.md, written without the product. */
    private static final class Words {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        Words number(long value) {
            bytes.writeBytes(ByteBuffer.allocate(8)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(value)
                    .array());
            return this;
        }

        Words number(double value) {
            return number(Double.doubleToRawLongBits(value));
        }

        Words text(String word) {
            byte[] utf8 = word.getBytes(StandardCharsets.UTF_8);
            number(utf8.length);
            bytes.writeBytes(utf8);
            return this;
        }

        Words raw(Digest digest) {
            bytes.writeBytes(digest.toBytes());
            return this;
        }

        Words zeros(int count) {
            bytes.writeBytes(new byte[count]);
            return this;
        }

        /** {@link #VALUE}. */
        Words tensor() {
            return text("FLOAT64").number(2).number(1).number(1).number(8).number(2.0);
        }

        Digest digest() {
            try {
                return Digest.ofBytes(MessageDigest.getInstance("SHA-256").digest(bytes.toByteArray()));
            } catch (NoSuchAlgorithmException e) {
                throw new AssertionError(e);
            }
        }
    }
}
