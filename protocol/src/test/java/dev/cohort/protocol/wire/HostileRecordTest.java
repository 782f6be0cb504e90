package dev.cohort.protocol.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Limits;
import dev.cohort.protocol.Manifest;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.Rejection;
import dev.cohort.protocol.wire.proto.Wire;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class HostileRecordTest {
    private static final Limits LIMITS = Limits.DEFAULT;

    private final MessageCodec codec = new MessageCodec("r1", LIMITS);

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
    void rejectsARecordAboveTheSizeLimitWithoutReadingIt() {
        MessageCodec small = new MessageCodec("r1", LIMITS.withMessageBytesMax(100));
        byte[] record = codec.encode(new RandomMessages(1).prediction(), "p1");
        byte[] big = Arrays.copyOf(record, 101 + record.length);

        assertThat(small.decode(big))
                .isEqualTo(new Decoding.Rejected(
                        Reason.OVERSIZED,
                        "p1",
                        "record of " + big.length + " bytes: must be at most 100",
                        Optional.empty()));
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
    void rejectsAPastVersionAndSaysWhatCanReadIt() {
        Decoding.Rejected rejected = decodeChanged(e -> e.setProtocolVersion(1));
        assertThat(rejected.reason()).isEqualTo(Reason.PAST_VERSION);
        assertThat(rejected.detail())
                .isEqualTo("protocol version 1: this program speaks 2; study the run with the Cohort that wrote it");
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
    void keepsARejectedPredictionWithoutItsTensorsSoThatNobodyWaitsForIt() {
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
    void saysOfAStandInWhyThePredictionWasRefused() {
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

    @Test
    void rejectsShapesThatOverflowWithoutReservingMemory() {
        int max = Integer.MAX_VALUE;
        int[][] shapes = {
            {max, max},
            {max, max, max},
            {1 << 30, 1 << 30, 4},
            {1 << 16, 1 << 16},
            {1 << 31, 2},
            {max, 1, 1},
            {max, 2, 0}
        };
        for (int[] shape : shapes) {
            byte[] record = changed(e -> e.getPredictionBuilder()
                    .getTensorsBuilder(0)
                    .getTensorBuilder()
                    .clearShape()
                    .addAllShape(Arrays.stream(shape).boxed().toList())
                    .setData(ByteString.EMPTY));
            assertThat(rejected(record, 1 << 18).reason()).isEqualTo(Reason.BAD_TENSOR);
        }
    }

    @Test
    void rejectsMoreDimensionsThanAnyTensorHas() {
        assertThat(logits(t -> t.addAllShape(Collections.nCopies(100, 1)))).isEqualTo(Reason.BAD_TENSOR);
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
    void rejectsImpossibleValuesOfABatch() {
        assertThat(decodeBatch(b -> b.getRecipeBuilder().setSampleIds(0, -1)).reason())
                .isEqualTo(Reason.BAD_VALUE);
        assertThat(decodeBatch(b -> b.getRecipeBuilder().addSampleIds(1)).reason())
                .isEqualTo(Reason.BAD_VALUE);
        assertThat(decodeBatch(b -> b.getRecipeBuilder().getPartnersBuilder(0).setValues(0, 10_000))
                        .reason())
                .isEqualTo(Reason.BAD_VALUE);
        assertThat(decodeBatch(b -> b.getRecipeBuilder().getViewsBuilder(0).setCropX(0, 10_000))
                        .reason())
                .isEqualTo(Reason.BAD_VALUE);
        assertThat(decodeBatch(b -> b.getRecipeBuilder().getViewsBuilder(0).addFlip(0))
                        .reason())
                .isEqualTo(Reason.BAD_VALUE);
        assertThat(decodeBatch(b -> b.getRecipeBuilder().clearViews()).reason()).isEqualTo(Reason.BAD_VALUE);
        assertThat(decodeBatch(b -> b.getLabelsBuilder().getClassIdsBuilder(0).setValues(0, 10_000))
                        .reason())
                .isEqualTo(Reason.BAD_VALUE);
        assertThat(decodeBatch(b -> b.getLabelsBuilder().setWeights(0, 5)).reason())
                .isEqualTo(Reason.BAD_VALUE);
        assertThat(decodeBatch(Wire.Batch.Builder::clearDigests).reason()).isEqualTo(Reason.BAD_VALUE);
        assertThat(decodeBatch(b -> b.getPixelsBuilder()
                                .addViews(ByteString.EMPTY)
                                .addViews(ByteString.EMPTY)
                                .addViews(ByteString.EMPTY)
                                .addViews(ByteString.EMPTY))
                        .reason())
                .isEqualTo(Reason.BAD_VALUE);
    }

    @Test
    void rejectsLabelsThatWouldFillTheMemoryWhenTheyAreDense() {
        Decoding.Rejected rejected = decodeBatch(b -> {
            b.getLabelsBuilder().setClasses(LIMITS.classesMax());
            b.getRecipeBuilder().clearPartners().clearViews().addViews(Wire.View.getDefaultInstance());
            for (int i = 0; i < 1000; i++) {
                b.getRecipeBuilder().addSampleIds(i);
                b.getLabelsBuilder().getClassIdsBuilder(0).addValues(0);
            }
            b.getLabelsBuilder().clearWeights().addWeights(1);
            while (b.getLabelsBuilder().getClassIdsCount() > 1) {
                b.getLabelsBuilder().removeClassIds(1);
            }
        });
        assertThat(rejected.reason()).isEqualTo(Reason.OVERSIZED);
    }

    @Test
    void rejectsImagesWhoseSizeWrapsAroundToNothing() {
        byte[] record = changed(e -> e.getTestImagesBuilder()
                .setTotal(1)
                .setCount(1)
                .getImageBuilder()
                .setHeight(1 << 13)
                .setWidth(1 << 13)
                .setChannels(1 << 6));
        assertThat(rejected(record, 1 << 18).reason()).isEqualTo(Reason.OVERSIZED);
    }

    @Test
    void rejectsMillionsOfEmptyMessagesWithoutMakingThem() throws IOException {
        // Tag of Prediction.tensors with length 0, again and again: two bytes each.
        byte[] bomb = new byte[8 << 20];
        for (int i = 0; i < bomb.length; i += 2) {
            bomb[i] = Wire.Prediction.TENSORS_FIELD_NUMBER << 3 | 2;
        }
        byte[] record = underAHeader(Wire.Envelope.PREDICTION_FIELD_NUMBER, bomb);

        assertThat(rejected(record, 1 << 18).reason()).isEqualTo(Reason.OVERSIZED);
    }

    @Test
    void rejectsMillionsOfPackedIntegersWithoutMakingThem() throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        CodedOutputStream out = CodedOutputStream.newInstance(body);
        out.writeByteArray(Wire.Manifest.TEST_LABELS_FIELD_NUMBER, new byte[LIMITS.packedBytesMax() + 1]);
        out.flush();
        byte[] record = underAHeader(Wire.Envelope.MANIFEST_FIELD_NUMBER, body.toByteArray());

        assertThat(rejected(record, 1 << 18).reason()).isEqualTo(Reason.OVERSIZED);
    }

    @Test
    void rejectsGroupsHoweverDeep() throws IOException {
        byte[] groups = new byte[1 << 20];
        Arrays.fill(groups, (byte) (15 << 3 | 3));

        assertThat(rejected(underAHeader(Wire.Envelope.BATCH_FIELD_NUMBER, groups), 1 << 18)
                        .reason())
                .isEqualTo(Reason.MALFORMED);
        assertThat(rejected(groups, 1 << 18).reason()).isEqualTo(Reason.MALFORMED);
    }

    @Test
    void rejectsManifestsNestedTensOfThousandsDeep() throws IOException {
        // A manifest that holds only its parent, which holds only its manifest, and so on: a hostile 200 KB.
        byte[] nested = nestedManifests(20_000);
        assertThat(nested.length).isLessThan(400_000);

        Decoding.Rejected rejected = rejected(underAHeader(Wire.Envelope.MANIFEST_FIELD_NUMBER, nested), 1 << 20);

        assertThat(rejected.reason()).isEqualTo(Reason.OVERSIZED);
        assertThat(rejected.detail()).contains("nested");
    }

    @Test
    void readsAManifestOfAsManyGenerationsAsTheLimitAllows() {
        Manifest manifest = new RandomMessages(1).manifest(LIMITS.generationsMax());
        assertThat(codec.decode(codec.encode(manifest, "launcher")))
                .isEqualTo(new Decoding.Accepted(manifest, "launcher"));
    }

    private static byte[] nestedManifests(int depth) throws IOException {
        // From the inside out, since a length stands before what it counts.
        byte[] reversed = new byte[16 * depth];
        int end = reversed.length;
        for (int level = 0; level < depth; level++) {
            for (int field : new int[] {Wire.Parent.MANIFEST_FIELD_NUMBER, Wire.Manifest.PARENT_FIELD_NUMBER}) {
                ByteArrayOutputStream head = new ByteArrayOutputStream();
                CodedOutputStream out = CodedOutputStream.newInstance(head);
                out.writeTag(field, 2);
                out.writeUInt32NoTag(reversed.length - end);
                out.flush();
                end -= head.size();
                System.arraycopy(head.toByteArray(), 0, reversed, end, head.size());
            }
        }
        return Arrays.copyOfRange(reversed, end, reversed.length);
    }

    @Test
    void doesNotReadASenderOfMegabytes() throws IOException {
        ByteArrayOutputStream record = new ByteArrayOutputStream();
        CodedOutputStream out = CodedOutputStream.newInstance(record);
        out.writeByteArray(Wire.Envelope.SENDER_FIELD_NUMBER, new byte[LIMITS.messageBytesMax()]);
        out.flush();

        Decoding.Rejected rejected = rejected(record.toByteArray(), 1 << 18);

        assertThat(rejected.reason()).isEqualTo(Reason.OVERSIZED);
        assertThat(rejected.sender()).isEmpty();
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

    /** Whether the record was accepted; if so, it must be a message that can be sent again. */
    private boolean sound(byte[] record) {
        if (codec.decode(record) instanceof Decoding.Accepted accepted) {
            assertThat(codec.decode(codec.encode(accepted.message(), accepted.sender())))
                    .isEqualTo(accepted);
            return true;
        }
        return false;
    }

    private Decoding.Rejected rejected(byte[] record, long allocatedBytesMax) {
        codec.decode(record);
        long before = Allocations.ofThisThread();
        Decoding decoding = codec.decode(record);
        assertThat(Allocations.ofThisThread() - before).isLessThan(allocatedBytesMax);
        assertThat(decoding).isInstanceOf(Decoding.Rejected.class);
        return (Decoding.Rejected) decoding;
    }

    private Reason logits(Consumer<Wire.Tensor.Builder> change) {
        return decodePrediction(p -> change.accept(p.getTensorsBuilder(0).getTensorBuilder()))
                .reason();
    }

    private Decoding.Rejected decodePrediction(Consumer<Wire.Prediction.Builder> change) {
        return decodeChanged(e -> change.accept(e.getPredictionBuilder()));
    }

    private Decoding.Rejected decodeChanged(Consumer<Wire.Envelope.Builder> change) {
        return (Decoding.Rejected) codec.decode(changed(change));
    }

    private Decoding.Rejected decodeBatch(Consumer<Wire.Batch.Builder> change) {
        return (Decoding.Rejected) codec.decode(changed(mixedBatch(), e -> change.accept(e.getBatchBuilder())));
    }

    private byte[] changed(Consumer<Wire.Envelope.Builder> change) {
        Prediction prediction = new Prediction(
                1,
                0,
                new RandomMessages(1).peer(),
                1,
                0,
                NamedTensors.of("logits", Tensor.ofFloats(new float[] {1, 2, 3, 4, 5, 6}, 2, 3)),
                new RandomMessages(1).digest(),
                Optional.empty());
        return changed(prediction, change);
    }

    private byte[] changed(Message message, Consumer<Wire.Envelope.Builder> change) {
        try {
            Wire.Envelope.Builder envelope = Wire.Envelope.parseFrom(codec.encode(message, "p1")).toBuilder();
            change.accept(envelope);
            return envelope.build().toByteArray();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static Batch mixedBatch() {
        for (long seed = 0; ; seed++) {
            Batch batch = new RandomMessages(seed).batch();
            if (batch.recipe().partners().size() == 1 && batch.pixels().isEmpty()) {
                return batch;
            }
        }
    }

    private static byte[] underAHeader(int field, byte[] body) throws IOException {
        ByteArrayOutputStream record = new ByteArrayOutputStream();
        CodedOutputStream out = CodedOutputStream.newInstance(record);
        out.writeUInt32(Wire.Envelope.PROTOCOL_VERSION_FIELD_NUMBER, Manifest.PROTOCOL_VERSION);
        out.writeString(Wire.Envelope.RUN_ID_FIELD_NUMBER, "r1");
        out.writeString(Wire.Envelope.SENDER_FIELD_NUMBER, "p1");
        out.writeByteArray(field, body);
        out.flush();
        return record.toByteArray();
    }
}
