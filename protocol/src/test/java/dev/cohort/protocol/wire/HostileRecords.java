package dev.cohort.protocol.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.CodedOutputStream;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Limits;
import dev.cohort.protocol.Manifest;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.wire.proto.Wire;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Optional;
import java.util.function.Consumer;

/** Makes hostile records: a valid message with something changed. */
abstract class HostileRecords {
    static final Limits LIMITS = Limits.DEFAULT;

    final MessageCodec codec = new MessageCodec("r1", LIMITS);

    /** Whether the record is accepted; asserts that an accepted message can be encoded again. */
    boolean sound(byte[] record) {
        if (codec.decode(record) instanceof Decoding.Accepted accepted) {
            assertThat(codec.decode(codec.encode(accepted.message(), accepted.sender())))
                    .isEqualTo(accepted);
            return true;
        }
        return false;
    }

    Decoding.Rejected rejected(byte[] record, long allocatedBytesMax) {
        codec.decode(record);
        long before = Allocations.ofThisThread();
        Decoding decoding = codec.decode(record);
        assertThat(Allocations.ofThisThread() - before).isLessThan(allocatedBytesMax);
        assertThat(decoding).isInstanceOf(Decoding.Rejected.class);
        return (Decoding.Rejected) decoding;
    }

    Reason logits(Consumer<Wire.Tensor.Builder> change) {
        return decodePrediction(p -> change.accept(p.getTensorsBuilder(0).getTensorBuilder()))
                .reason();
    }

    Decoding.Rejected decodePrediction(Consumer<Wire.Prediction.Builder> change) {
        return decodeChanged(e -> change.accept(e.getPredictionBuilder()));
    }

    Decoding.Rejected decodeChanged(Consumer<Wire.Envelope.Builder> change) {
        return (Decoding.Rejected) codec.decode(changed(change));
    }

    Decoding.Rejected decodeBatch(Consumer<Wire.Batch.Builder> change) {
        return (Decoding.Rejected) codec.decode(changed(mixedBatch(), e -> change.accept(e.getBatchBuilder())));
    }

    byte[] changed(Consumer<Wire.Envelope.Builder> change) {
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

    byte[] changed(Message message, Consumer<Wire.Envelope.Builder> change) {
        try {
            Wire.Envelope.Builder envelope = Wire.Envelope.parseFrom(codec.encode(message, "p1")).toBuilder();
            change.accept(envelope);
            return envelope.build().toByteArray();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    static Batch mixedBatch() {
        for (long seed = 0; ; seed++) {
            Batch batch = new RandomMessages(seed).batch();
            if (batch.recipe().partners().size() == 1 && batch.pixels().isEmpty()) {
                return batch;
            }
        }
    }

    static byte[] underAHeader(int field, byte[] body) throws IOException {
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
