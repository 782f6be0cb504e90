package dev.cohort.protocol.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.cohort.protocol.Manifest;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.Rejection;
import dev.cohort.protocol.wire.proto.Wire;
import dev.cohort.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class HostileRecordTest extends HostileRecords {
    @Test
    void rejectsEveryKindOfMessageCutAtEveryByte() {
        for (var message : new RandomMessages(11).kinds().values()) {
            byte[] record = codec.encode(message.get(), "p1");
            for (int length = 0; length < record.length; length++) {
                assertThat(codec.decode(Arrays.copyOf(record, length))).isInstanceOf(Decoding.Rejected.class);
            }
        }
    }

    @Test
    void survivesEveryFlippedBitOfEveryKindOfMessage() {
        Map<Boolean, Integer> accepted = new TreeMap<>();
        for (var message : new RandomMessages(12).kinds().values()) {
            byte[] record = codec.encode(message.get(), "p1");
            for (int bit = 0; bit < 8 * record.length; bit++) {
                byte[] damaged = record.clone();
                damaged[bit / 8] ^= (byte) (1 << bit % 8);
                accepted.merge(sound(damaged), 1, Integer::sum);
            }
        }
        assertThat(accepted).containsKeys(true, false);
    }

    @Test
    void survivesTwentyThousandRandomByteStrings() {
        Random random = new Random(13);
        for (int i = 0; i < 20_000; i++) {
            byte[] record = new byte[random.nextInt(200)];
            random.nextBytes(record);
            assertThat(codec.decode(record)).isInstanceOf(Decoding.Rejected.class);
        }
    }

    @Test
    void survivesTwentyThousandRandomBodiesUnderAValidHeader() {
        Random random = new Random(14);
        byte[] header = Wire.Envelope.newBuilder()
                .setProtocolVersion(Manifest.PROTOCOL_VERSION)
                .setRunId("r1")
                .setSender("p1")
                .build()
                .toByteArray();
        for (int i = 0; i < 20_000; i++) {
            byte[] body = new byte[random.nextInt(60)];
            random.nextBytes(body);
            ByteBuffer record =
                    ByteBuffer.allocate(header.length + 3 + body.length).put(header);
            int tag = (16 + random.nextInt(14)) << 3 | 2;
            record.put((byte) ((tag & 0x7f) | 0x80)).put((byte) (tag >>> 7)).put((byte) body.length);
            sound(record.put(body).array());
        }
    }

    @Test
    void survivesTenThousandRandomSplicesOfMessages() {
        Random random = new Random(15);
        for (int i = 0; i < 800; i++) {
            for (var message : new RandomMessages(i).kinds().values()) {
                byte[] record = codec.encode(message.get(), "p1");
                for (int k = 0; k < 3; k++) {
                    record[random.nextInt(record.length)] = (byte) random.nextInt();
                }
                sound(record);
            }
        }
    }

    @Test
    void rejectsAnotherRun() {
        byte[] record = new MessageCodec("r2", LIMITS).encode(new RandomMessages(1).prediction(), "p9");
        assertThat(codec.decode(record))
                .isEqualTo(new Decoding.Rejected(Reason.WRONG_RUN, "p9", "run 'r2': must be 'r1'", Optional.empty()));
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 100, -1})
    void rejectsAFutureVersion(int version) {
        assertThat(decodeChanged(e -> e.setProtocolVersion(version)).reason()).isEqualTo(Reason.FUTURE_VERSION);
    }

    @Test
    void rejectsAPastVersionAndNamesWhatCanReadIt() {
        Decoding.Rejected rejected = decodeChanged(e -> e.setProtocolVersion(1));
        assertThat(rejected.reason()).isEqualTo(Reason.PAST_VERSION);
        assertThat(rejected.detail())
                .isEqualTo("protocol version 1: this program reads 2; study the run with the Cohort that wrote it");
    }

    @Test
    void rejectsARecordWithoutVersionSenderOrBody() {
        assertThat(decodeChanged(Wire.Envelope.Builder::clearProtocolVersion).reason())
                .isEqualTo(Reason.BAD_VALUE);
        assertThat(decodeChanged(Wire.Envelope.Builder::clearSender).reason()).isEqualTo(Reason.BAD_VALUE);
        assertThat(decodeChanged(e -> e.setSender("p1\u0007")).reason()).isEqualTo(Reason.BAD_VALUE);
        assertThat(decodeChanged(Wire.Envelope.Builder::clearBody).reason()).isEqualTo(Reason.BAD_VALUE);
        assertThat(codec.decode(new byte[0]))
                .isEqualTo(new Decoding.Rejected(Reason.BAD_VALUE, "", "no protocol version", Optional.empty()));
    }

    @Test
    void namesTheSenderOfADamagedRecord() {
        byte[] record = codec.encode(new RandomMessages(1).prediction(), "p1");
        Decoding.Rejected rejected = (Decoding.Rejected) codec.decode(Arrays.copyOf(record, record.length - 5));
        assertThat(rejected.reason()).isEqualTo(Reason.MALFORMED);
        assertThat(rejected.sender()).isEqualTo("p1");
    }

    @Test
    void makesAStandInForARejectedPrediction() {
        assertThat(standIn(p -> p.getPreviousBuilder().setStep(1).setCrossEntropy(Double.NaN)))
                .contains(Prediction.unreadable(
                        1,
                        0,
                        new RandomMessages(1).peer(),
                        1,
                        0,
                        new Prediction.Flaw(Rejection.Reason.NOT_FINITE, "cross-entropy NaN: must be finite")));
        assertThat(standIn(p -> p.setPeer("?"))).isEmpty();
        assertThat(standIn(p -> p.setStep(0))).isEmpty();
        assertThat(decodeBatch(Wire.Batch.Builder::clearDigests).standIn()).isEmpty();
        assertThat(decodeChanged(e -> e.setRunId("r2")).standIn()).isEmpty();
    }

    @Test
    void givesAStandInTheReasonOfTheRefusal() {
        assertThat(flaw(p -> p.getTensorsBuilder(0).getTensorBuilder().setData(notFinite())))
                .isEqualTo(Rejection.Reason.NOT_FINITE);
        assertThat(flaw(p -> p.getTensorsBuilder(0).getTensorBuilder().addShape(2)))
                .isEqualTo(Rejection.Reason.SHAPE);
        assertThat(flaw(Wire.Prediction.Builder::clearTensors)).isEqualTo(Rejection.Reason.SHAPE);
        assertThat(flaw(Wire.Prediction.Builder::clearRendered)).isEqualTo(Rejection.Reason.MALFORMED);
        assertThat(flaw(p -> p.addTensors(p.getTensors(0)))).isEqualTo(Rejection.Reason.MALFORMED);
    }

    private static ByteString notFinite() {
        return ByteString.copyFrom(
                Tensor.ofFloats(new float[] {1, 2, 3, 4, 5, Float.NaN}, 2, 3).bytes());
    }

    private Optional<Prediction> standIn(Consumer<Wire.Prediction.Builder> change) {
        return decodePrediction(change).standIn();
    }

    private Rejection.Reason flaw(Consumer<Wire.Prediction.Builder> change) {
        return standIn(change).flatMap(Prediction::flaw).orElseThrow().reason();
    }

    @Test
    void neverSendsAStandIn() {
        Prediction standIn = standIn(Wire.Prediction.Builder::clearRendered).orElseThrow();
        assertThatThrownBy(() -> codec.encode(standIn, "p1")).hasMessageContaining("could not be read");
    }

    @Test
    void rejectsLogitsWhoseBytesDoNotFitTheirShape() {
        assertThat(logits(t -> t.setData(t.getData().concat(ByteString.copyFrom(new byte[1])))))
                .isEqualTo(Reason.BAD_TENSOR);
        assertThat(logits(t -> t.setData(ByteString.EMPTY))).isEqualTo(Reason.BAD_TENSOR);
        assertThat(logits(t -> t.addShape(2))).isEqualTo(Reason.BAD_TENSOR);
        assertThat(logits(t -> t.setShape(0, -t.getShape(0)).setShape(1, -t.getShape(1))))
                .isEqualTo(Reason.BAD_TENSOR);
    }

    @Test
    void rejectsLogitsThatAreNotAMatrix() {
        assertThat(logits(t -> t.clearShape().addShape(t.getData().size() / 4))).isEqualTo(Reason.BAD_TENSOR);
        assertThat(decodePrediction(Wire.Prediction.Builder::clearTensors).reason())
                .isEqualTo(Reason.BAD_TENSOR);
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void rejectsLogitsThatAreNotFinite(float value) {
        assertThat(logits(t -> {
                    byte[] data = t.getData().toByteArray();
                    ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN).putFloat(data.length - 4, value);
                    t.setData(ByteString.copyFrom(data));
                }))
                .isEqualTo(Reason.NOT_FINITE);
    }

    @Test
    void rejectsNumbersThatAreNotFinite() {
        assertThat(decodePrediction(p -> p.getPreviousBuilder().setStep(1).setCrossEntropy(Double.NaN))
                        .reason())
                .isEqualTo(Reason.NOT_FINITE);
        assertThat(decodePrediction(p -> p.getPreviousBuilder().setStep(1).setCorrect(Double.NEGATIVE_INFINITY))
                        .reason())
                .isEqualTo(Reason.NOT_FINITE);
        assertThat(decodeBatch(b -> b.getLabelsBuilder().setWeights(0, Double.NaN))
                        .reason())
                .isEqualTo(Reason.NOT_FINITE);
        assertThat(decodeBatch(b -> b.getRecipeBuilder().setBlend(Double.NaN)).reason())
                .isEqualTo(Reason.NOT_FINITE);
    }

    @Test
    void rejectsImpossibleValuesOfAPrediction() {
        assertThat(decodePrediction(p -> p.setStep(0)).reason()).isEqualTo(Reason.BAD_VALUE);
        assertThat(decodePrediction(p -> p.setPart(-1)).reason()).isEqualTo(Reason.BAD_VALUE);
        assertThat(decodePrediction(p -> p.setIncarnation(0)).reason()).isEqualTo(Reason.BAD_VALUE);
        assertThat(decodePrediction(p -> p.setVersion(-1)).reason()).isEqualTo(Reason.BAD_VALUE);
        assertThat(decodePrediction(p -> p.setPeer("../etc")).reason()).isEqualTo(Reason.BAD_VALUE);
        assertThat(decodePrediction(p -> p.setPeer("")).reason()).isEqualTo(Reason.BAD_VALUE);
        assertThat(decodePrediction(p -> p.setRendered(ByteString.copyFrom(new byte[31])))
                        .reason())
                .isEqualTo(Reason.BAD_VALUE);
        assertThat(decodePrediction(p -> p.addTensors(p.getTensors(0))).reason())
                .isEqualTo(Reason.BAD_VALUE);
        assertThat(logits(t -> t.setDtypeValue(77))).isEqualTo(Reason.BAD_VALUE);
    }

    @Test
    void explainsInOneShortLine() {
        Decoding.Rejected rejected = decodeChanged(e -> e.setRunId("x\n".repeat(10_000)));
        assertThat(rejected.reason()).isEqualTo(Reason.WRONG_RUN);
        assertThat(rejected.detail()).hasSizeLessThanOrEqualTo(300).doesNotContain("\n");
    }

    @ParameterizedTest
    @EnumSource(Reason.class)
    void givesEveryReason(Reason reason) {
        byte[] record = switch (reason) {
            case MALFORMED -> new byte[] {8};
            case OVERSIZED -> new byte[LIMITS.messageBytesMax() + 1];
            case WRONG_RUN -> changed(e -> e.setRunId("r2"));
            case FUTURE_VERSION -> changed(e -> e.setProtocolVersion(3));
            case PAST_VERSION -> changed(e -> e.setProtocolVersion(1));
            case BAD_TENSOR -> changed(e -> e.getPredictionBuilder().clearTensors());
            case NOT_FINITE ->
                changed(e ->
                        e.getPredictionBuilder().getPreviousBuilder().setStep(1).setDistillation(Double.NaN));
            case BAD_VALUE -> changed(e -> e.getPredictionBuilder().setStep(-4));
        };
        assertThat(((Decoding.Rejected) codec.decode(record)).reason()).isEqualTo(reason);
    }
}
