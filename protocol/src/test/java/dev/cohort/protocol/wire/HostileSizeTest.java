package dev.cohort.protocol.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import dev.cohort.protocol.Manifest;
import dev.cohort.protocol.wire.proto.Wire;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Collections;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Small records that would become large or deeply nested objects in memory. */
class HostileSizeTest extends HostileRecords {
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
        // Tag of Prediction.tensors with length 0, repeated: two bytes each.
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

    private static byte[] nestedManifests(int depth) throws IOException {
        // From the inside out, since a length precedes its content.
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
}
