package dev.cohort.protocol.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Heartbeat;
import dev.cohort.protocol.Limits;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.PeerState;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.Term;
import dev.cohort.protocol.wire.proto.Wire;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class MessageCodecTest {
    private final MessageCodec codec = new MessageCodec("r1", Limits.DEFAULT);

    @Test
    void readsBackEveryKindOfMessage() {
        assertThat(new RandomMessages(1).kinds().keySet().stream().map(Class::getSimpleName))
                .containsExactlyInAnyOrderElementsOf(names(Message.class));
        for (long seed = 0; seed < 300; seed++) {
            for (var kind : new RandomMessages(seed).kinds().entrySet()) {
                Message message = kind.getValue().get();
                assertThat(message).isInstanceOf(kind.getKey());

                Decoding decoding = codec.decode(codec.encode(message, "p1"));

                assertThat(decoding).as("seed %d", seed).isEqualTo(new Decoding.Accepted(message, "p1"));
            }
        }
    }

    @Test
    void readsBackEveryKindOfTermAndResolution() {
        Set<String> terms = new TreeSet<>();
        Set<String> resolutions = new TreeSet<>();
        for (long seed = 0; seed < 100; seed++) {
            Outcome sent = new RandomMessages(seed).outcome();
            Outcome read = (Outcome) accepted(codec.encode(sent, "c"));
            assertThat(read.digest()).isEqualTo(sent.digest());
            resolutions.add(read.resolution().getClass().getSimpleName());
            if (read.resolution() instanceof Outcome.Targets targets) {
                targets.terms().forEach(term -> terms.add(term.getClass().getSimpleName()));
            }
        }
        assertThat(terms).containsExactlyInAnyOrderElementsOf(names(Term.class));
        assertThat(resolutions).containsExactlyInAnyOrderElementsOf(names(Outcome.Resolution.class));
    }

    @Test
    void writesTheSameBytesForTheSameMessage() {
        Message message = new RandomMessages(7).outcome();
        assertThat(codec.encode(message, "c")).isEqualTo(codec.encode(message, "c"));
    }

    @Test
    void readsTensorsWithoutCopyingThem() {
        byte[] record = codec.encode(prediction(Tensor.ofFloats(new float[] {1, 2, 3, 4}, 2, 2)), "p1");
        Tensor logits = ((Prediction) accepted(record)).logits();
        assertThat(logits.at(3)).isEqualTo(4);

        Arrays.fill(record, (byte) 0);

        assertThat(logits.toFloats()).containsOnly(0);
    }

    @Test
    void readsPixelsWithoutCopyingThem() {
        Batch batch = batchWithPixels();
        byte[] record = codec.encode(batch, "augmenter");
        ByteBuffer pixels = ((Batch) accepted(record)).pixels().orElseThrow().get(0);
        assertThat(pixels).isEqualTo(batch.pixels().orElseThrow().get(0));

        Arrays.fill(record, (byte) 7);

        assertThat(pixels.get(0)).isEqualTo((byte) 7);
        assertThat(pixels.isReadOnly()).isTrue();
    }

    @Test
    void allocatesFarLessThanATensorWhenItReadsOne() {
        byte[] record = codec.encode(prediction(Tensor.ofFloats(new float[1 << 20], 1024, 1024)), "p1");
        accepted(record);

        long before = Allocations.ofThisThread();
        Message message = accepted(record);
        long allocated = Allocations.ofThisThread() - before;

        assertThat(message).isInstanceOf(Prediction.class);
        assertThat(allocated).isLessThan(record.length / 16);
    }

    @Test
    void skipsFieldsOfANewerMinorVersion() throws Exception {
        Message message = new RandomMessages(3).prediction();
        Wire.Envelope envelope = Wire.Envelope.parseFrom(codec.encode(message, "p1"));
        var novelty = UnknownFieldSet.newBuilder()
                .addField(
                        999,
                        UnknownFieldSet.Field.newBuilder()
                                .addVarint(5)
                                .addLengthDelimited(ByteString.copyFromUtf8("new"))
                                .build())
                .build();
        byte[] newer = envelope.toBuilder()
                .setUnknownFields(novelty)
                .setPrediction(envelope.getPrediction().toBuilder().setUnknownFields(novelty))
                .build()
                .toByteArray();

        assertThat(codec.decode(newer)).isEqualTo(new Decoding.Accepted(message, "p1"));
    }

    @Test
    void carriesTheHeartbeatOfADivergedPeer() {
        Heartbeat heartbeat = new Heartbeat(
                new PeerId("p1"),
                1,
                PeerState.TRAINING,
                7,
                new Heartbeat.Figures(10, 0.1, Double.NaN, Double.POSITIVE_INFINITY, 0));

        assertThat(accepted(codec.encode(heartbeat, "p1"))).isEqualTo(heartbeat);
    }

    @Test
    void refusesToWriteARecordThatReadersWouldRefuse() {
        MessageCodec small = new MessageCodec("r1", Limits.DEFAULT.withMessageBytesMax(1000));
        Prediction prediction = prediction(Tensor.ofFloats(new float[1000], 10, 100));

        assertThatThrownBy(() -> small.encode(prediction, "p1"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageMatching("Prediction of 4\\d\\d\\d bytes: must be at most 1000 to be sent");
    }

    @Test
    void refusesAnEmptySenderAndAnEmptyRun() {
        Message message = new RandomMessages(1).prediction();
        assertThatThrownBy(() -> codec.encode(message, "")).hasMessageStartingWith("sender ''");
        assertThatThrownBy(() -> codec.encode(message, "a\nb")).hasMessageStartingWith("sender 'a b'");
        assertThatThrownBy(() -> new MessageCodec("", Limits.DEFAULT)).hasMessageStartingWith("run id ''");
    }

    private static Prediction prediction(Tensor logits) {
        return new Prediction(
                1,
                0,
                new PeerId("p1"),
                1,
                0,
                NamedTensors.of(TensorName.LOGITS, logits),
                new RandomMessages(1).digest(),
                Optional.empty());
    }

    private static Batch batchWithPixels() {
        for (long seed = 0; ; seed++) {
            Batch batch = new RandomMessages(seed).batch();
            if (batch.pixels().isPresent()) {
                return batch;
            }
        }
    }

    private Message accepted(byte[] record) {
        Decoding decoding = codec.decode(record);
        assertThat(decoding).isInstanceOf(Decoding.Accepted.class);
        return ((Decoding.Accepted) decoding).message();
    }

    private static List<String> names(Class<?> type) {
        return Stream.of(type.getPermittedSubclasses())
                .map(Class::getSimpleName)
                .toList();
    }
}
