package dev.cohort.runtime.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Limits;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Positions;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.Rejection;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.TensorPiece;
import dev.cohort.protocol.Topic;
import dev.cohort.protocol.wire.MessageCodec;
import dev.cohort.runtime.Delivery;
import dev.cohort.runtime.Eventually;
import dev.cohort.runtime.RecordedLog;
import dev.cohort.runtime.Samples;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

/** The contract of {@link RunLog} with any broker. */
abstract class RunLogContract extends RunTopicsContract {
    @Test
    void carriesEveryKindOfMessageUnchanged() {
        List<Message> messages = List.of(
                Samples.manifest(),
                Samples.batch(1),
                Samples.prediction(1, Samples.P1, 128),
                Samples.piece(TensorPiece.Use.MAP, 1, Samples.P1, 1),
                Samples.piece(TensorPiece.Use.GRADIENT, 1, Samples.P1, 2),
                Samples.addressed(1, 2, 128),
                Samples.outcome(1, 128),
                Samples.heartbeat(Samples.P1, 1),
                Samples.command(1),
                Samples.evaluation(1, 100),
                Samples.snapshot(1));
        Recorder recorder = new Recorder();
        connect("all").append(messages);
        connect("reader").follow(ALL_BUT_ADDRESSED, OptionalInt.of(2), From.BEGINNING, recorder);
        assertThat(recorder.await(messages.size())).containsExactlyInAnyOrderElementsOf(messages);
        assertThat(recorder.deliveries()).allSatisfy(d -> {
            assertThat(d.sender()).isEqualTo("all");
            assertThat(d.topic()).isEqualTo(Topic.of(d.message()));
        });
    }

    @Test
    void isReadAsARecordFromItsBeginningToItsEnd() {
        RunLog writer = connect("writer");
        writer.append(commands(1, 200));
        writer.append(List.of(Samples.addressed(1, 2, 128), Samples.prediction(1, Samples.P1, 128)));
        assertThat(writer.flush(Duration.ofSeconds(30))).isTrue();
        try (RecordedLog log = ConsumedLog.open(address(), runId)) {
            assertThat(log.partitions(Topic.ADDRESSED)).isEqualTo(PLAN.slots());
            try (RecordedLog.Reading control = log.read(Topic.CONTROL, 0)) {
                writer.append(commands(201, 201));
                assertThat(writer.flush(Duration.ofSeconds(30))).isTrue();
                assertThat(Recorder.messages(control)).containsExactlyElementsOf(commands(1, 200));
            }
            assertThat(Recorder.messages(log.read(Topic.ADDRESSED, 2))).containsExactly(Samples.addressed(1, 2, 128));
            assertThat(Recorder.messages(log.read(Topic.ADDRESSED, 1))).isEmpty();
        }
        assertThatThrownBy(() -> ConsumedLog.open(address(), runId + "x"))
                .isInstanceOf(RunLogException.class)
                .hasMessageContaining("knows no such run");
    }

    @Test
    void carriesRecordsOfManyMegabytes() {
        Message large = Samples.evaluation(1, 500_000); // 20 MB
        Recorder recorder = new Recorder();
        follow(connect("reader"), recorder, Topic.EVALUATIONS);
        connect("p1").append(List.of(large));
        assertThat(recorder.await(1)).containsExactly(large);
    }

    @Test
    void keepsTheOrderOfATopic() {
        Recorder recorder = new Recorder();
        follow(connect("reader"), recorder, Topic.CONTROL);
        RunLog writer = connect("writer");
        for (int i = 1; i <= 1000; i += 10) {
            writer.append(commands(i, i + 9));
        }
        assertThat(recorder.await(1000)).containsExactlyElementsOf(commands(1, 1000));
    }

    @Test
    void showsTwoFollowersTheSameOrderOfTwoWriters() throws InterruptedException {
        Recorder first = new Recorder();
        Recorder second = new Recorder();
        follow(connect("reader1"), first, Topic.CONTROL);
        follow(connect("reader2"), second, Topic.CONTROL);
        List<Thread> writers = new ArrayList<>();
        for (int w = 1; w <= 2; w++) {
            RunLog log = connect("writer" + w);
            long base = w * 1000L;
            writers.add(new Thread(() -> commands(base, base + 299).forEach(m -> log.append(List.of(m)))));
        }
        writers.forEach(Thread::start);
        for (Thread writer : writers) {
            writer.join();
        }
        assertThat(first.await(600)).isEqualTo(second.await(600));
        assertThat(first.messages()).hasSize(600);
    }

    @Test
    void appendsAddressedPartsBeforeTheirOutcome() throws Exception {
        RunLog writer = connect("coordinator");
        Recorder recorder = new Recorder();
        TopicPartition parts = new TopicPartition(TopicPlan.topicName(runId, Topic.ADDRESSED), 1);
        follow(connect("reader"), recorder, Topic.OUTCOMES);
        try (Admin admin = Admin.create(ClientSettings.admin(address(), "check"))) {
            for (int step = 1; step <= 10; step++) {
                int expected = step;
                Thread appending = new Thread(() ->
                        writer.append(List.of(Samples.addressed(expected, 1, 25_000), Samples.outcome(expected, 1))));
                appending.start();
                recorder.await(step);
                long end = admin.listOffsets(Map.of(parts, OffsetSpec.latest()))
                        .partitionResult(parts)
                        .get()
                        .offset();
                assertThat(end).isEqualTo(expected);
                appending.join();
            }
        }
    }

    @Test
    void followsTheAddressedPartsOfOneSlotOnly() {
        RunLog writer = connect("coordinator");
        writer.append(List.of(Samples.addressed(1, 0, 1), Samples.addressed(1, 1, 1), Samples.addressed(1, 2, 1)));
        Recorder recorder = new Recorder();
        Following following = connect("p1").follow(Set.of(Topic.CONTROL), OptionalInt.empty(), From.END, recorder);
        following.addSlot(1);
        writer.append(List.of(Samples.addressed(2, 0, 1), Samples.addressed(2, 1, 1)));
        assertThat(recorder.await(2)).containsExactly(Samples.addressed(1, 1, 1), Samples.addressed(2, 1, 1));
    }

    @Test
    void continuesAtThePositionsOfACheckpoint() {
        RunLog writer = connect("writer");
        writer.append(commands(1, 10));
        writer.append(List.of(Samples.addressed(1, 1, 1), Samples.addressed(2, 1, 1)));
        assertThat(writer.flush(Duration.ofSeconds(30))).isTrue();
        Recorder recorder = new Recorder();
        Following following = connect("reader")
                .follow(
                        Set.of(Topic.CONTROL, Topic.OUTCOMES),
                        OptionalInt.empty(),
                        From.at(Positions.parse("control-0=7 addressed-1=1")),
                        recorder);
        assertThat(recorder.await(3)).containsExactlyElementsOf(commands(8, 10));
        following.addSlot(1);
        assertThat(recorder.await(4)).last().isEqualTo(Samples.addressed(2, 1, 1));
    }

    @Test
    void namesTheRecordsOfATopicWithoutThePosition() {
        RunLog writer = connect("writer");
        writer.append(commands(1, 10));
        assertThat(writer.flush(Duration.ofSeconds(30))).isTrue();
        RunLog reader = connect("reader");
        assertThatThrownBy(() -> reader.follow(
                        Set.of(Topic.CONTROL),
                        OptionalInt.empty(),
                        From.at(Positions.parse("control-0=11")),
                        new Recorder()))
                .isInstanceOf(RunLogException.class)
                .hasMessageContaining("has records 0 to 10: a checkpoint continues at 11, which is not in the log yet");
    }

    @Test
    void keepsAllPredictionsOfAPeerInOnePartition() {
        RunLog writer = connect("peers");
        List<PeerId> peers = List.of(new PeerId("p1"), new PeerId("p2"), new PeerId("p3"), new PeerId("control"));
        for (long step = 1; step <= 20; step++) {
            for (PeerId peer : peers) {
                writer.append(List.of(Samples.prediction(step, peer, 1)));
            }
        }
        Recorder recorder = new Recorder();
        follow(connect("reader"), recorder, Topic.PREDICTIONS);
        recorder.await(80);
        for (PeerId peer : peers) {
            List<Delivery> own = recorder.deliveries().stream()
                    .filter(d -> ((Prediction) d.message()).peer().equals(peer))
                    .toList();
            assertThat(own)
                    .extracting(d -> ((Prediction) d.message()).step())
                    .containsExactlyElementsOf(
                            LongStream.rangeClosed(1, 20).boxed().toList());
            assertThat(own)
                    .extracting(Delivery::partition)
                    .containsOnly(own.get(0).partition());
        }
    }

    @Test
    void readsALongLogInTheOrderOfItsAppends() {
        RunLog writer = connect("everybody");
        long steps = 400;
        for (long step = 1; step <= steps; step++) {
            writer.append(List.of(
                    Samples.batch(step),
                    Samples.prediction(step, Samples.P1, 64),
                    Samples.prediction(step, new PeerId("p2"), 64),
                    Samples.outcome(step, 64)));
            // Ensures that it is appended before the next step.
            assertThat(writer.flush(Duration.ofMinutes(1))).isTrue();
        }
        Recorder recorder = new Recorder();
        follow(connect("reader"), recorder, Topic.BATCHES, Topic.PREDICTIONS, Topic.OUTCOMES);
        long applied = 0;
        long aheadMost = 0;
        for (Message message : recorder.await((int) (4 * steps))) {
            if (message instanceof Outcome outcome) {
                applied = outcome.step();
            } else if (message instanceof Batch batch) {
                aheadMost = Math.max(aheadMost, batch.step() - applied);
            } else if (message instanceof Prediction prediction) {
                aheadMost = Math.max(aheadMost, prediction.step() - applied);
            }
        }
        // The broker's clock has milliseconds: records appended within the same one may be read in any order.
        assertThat(aheadMost).isBetween(1L, 20L);
    }

    @Test
    void holdsABoundedNumberOfMessagesForAFullReceiverAndLosesNone() {
        Recorder recorder = new Recorder(5);
        Follower follower = (Follower) follow(connect("reader"), recorder, Topic.CONTROL);
        RunLog writer = connect("writer");
        writer.append(commands(1, 2000));
        Eventually.until("the receiver refuses", () -> recorder.refusals() > 20);
        assertThat(recorder.messages()).hasSize(5);
        assertThat(follower.held()).isBetween(1, 64);
        recorder.capacity(100);
        Eventually.until("100 messages", () -> recorder.messages().size() == 100);
        assertThat(follower.held()).isLessThanOrEqualTo(64);
        recorder.capacity(Integer.MAX_VALUE);
        assertThat(recorder.await(2000)).containsExactlyElementsOf(commands(1, 2000));
    }

    @Test
    void countsAndSkipsBytesThatAreNoMessage() {
        RunLog reader = connect("reader");
        Recorder recorder = new Recorder();
        follow(reader, recorder, Topic.CONTROL, Topic.PREDICTIONS);
        byte[] random = new byte[1 << 20];
        new Random(1).nextBytes(random);
        MessageCodec codec = new MessageCodec(runId, Limits.DEFAULT);
        byte[] foreign = new MessageCodec("another-run", Limits.DEFAULT).encode(Samples.command(1), "stranger");
        byte[] valid = codec.encode(Samples.command(2), "friend");
        byte[] misplaced = codec.encode(Samples.heartbeat(Samples.P1, 1), "confused");
        byte[] json = "{}".getBytes(StandardCharsets.UTF_8);
        write(Topic.CONTROL, random, new byte[0], json, foreign, misplaced);
        writeRecord(new ProducerRecord<>(TopicPlan.topicName(runId, Topic.CONTROL), 0, null, null));
        write(Topic.CONTROL, valid);
        assertThat(recorder.await(1)).containsExactly(Samples.command(2));
        assertThat(recorder.rejected()).hasSize(6);
        assertThat(reader.rejected()).containsEntry("wrong_run/stranger", 1L).containsEntry("wrong_topic/confused", 1L);
        assertThat(reader.rejected().values().stream().mapToLong(n -> n).sum()).isEqualTo(6);
    }

    @Test
    void deliversAPredictionOnTheWrongPartitionWithoutItsTensors() {
        RunLog reader = connect("reader");
        Recorder recorder = new Recorder();
        follow(reader, recorder, Topic.PREDICTIONS);
        Prediction prediction = Samples.prediction(3, Samples.P1, 2);
        byte[] bytes = new MessageCodec(runId, Limits.DEFAULT).encode(prediction, "p1");
        int partitions = PLAN.partitions(Topic.PREDICTIONS);
        int right = TopicPlan.predictionPartition(Samples.P1, partitions);
        int wrong = (right + 1) % partitions;
        writeRecord(new ProducerRecord<>(TopicPlan.topicName(runId, Topic.PREDICTIONS), wrong, null, bytes));
        Prediction taken = (Prediction) recorder.await(1).get(0);
        assertThat(taken.flaw().map(Prediction.Flaw::reason)).contains(Rejection.Reason.PARTITION);
        assertThat(taken.step()).isEqualTo(3);
        assertThat(taken.tensors()).isEqualTo(NamedTensors.none());
        assertThat(reader.rejected()).containsOnly(Map.entry("wrong_partition/p1", 1L));
        try (RecordedLog log = new PlannedLog(ConsumedLog.open(address(), runId), PLAN)) {
            assertThat(Recorder.entries(log.read(Topic.PREDICTIONS, wrong)))
                    .singleElement()
                    .isInstanceOfSatisfying(
                            RecordedLog.Refused.class,
                            refused -> assertThat(refused.rejected().detail())
                                    .contains("on partition " + wrong, "belong on " + right));
        }
    }

    @Test
    void deliversANonFinitePredictionWithoutItsTensors() {
        RunLog reader = connect("reader");
        Recorder recorder = new Recorder();
        follow(reader, recorder, Topic.PREDICTIONS);
        Prediction valid = Samples.prediction(3, Samples.P1, 2);
        float odd = 12345.678f;
        Prediction finite = new Prediction(
                valid.step(),
                valid.part(),
                valid.peer(),
                valid.incarnation(),
                valid.version(),
                NamedTensors.of(TensorName.LOGITS, Tensor.ofFloats(new float[] {odd}, 1, 1)),
                valid.rendered(),
                valid.previous());
        // It cannot be constructed, but another program could write it.
        byte[] bytes = new MessageCodec(runId, Limits.DEFAULT).encode(finite, "p1");
        ByteBuffer all = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int at = IntStream.rangeClosed(0, bytes.length - Float.BYTES)
                .filter(i -> all.getInt(i) == Float.floatToIntBits(odd))
                .findFirst()
                .orElseThrow();
        all.putFloat(at, Float.NaN);
        int partition = TopicPlan.predictionPartition(Samples.P1, PLAN.partitions(Topic.PREDICTIONS));
        writeRecord(new ProducerRecord<>(TopicPlan.topicName(runId, Topic.PREDICTIONS), partition, null, bytes));
        Prediction arrived = (Prediction) recorder.await(1).get(0);
        assertThat(arrived.step()).isEqualTo(3);
        assertThat(arrived.peer()).isEqualTo(Samples.P1);
        assertThat(arrived.tensors()).isEqualTo(NamedTensors.none());
        assertThat(reader.rejected()).containsEntry("not_finite/p1", 1L);
    }

    @Test
    void readsEverythingFromTheBeginningInALaterProcess() {
        RunLog first = connect("first");
        first.append(commands(1, 50));
        assertThat(first.flush(Duration.ofSeconds(30))).isTrue();
        first.close();
        Recorder recorder = new Recorder();
        RunLog second = connect("second");
        Following following = follow(second, recorder, Topic.CONTROL);
        Eventually.until("caught up", following::isCaughtUp);
        assertThat(recorder.takenWhenCaughtUp()).isEqualTo(50);
        second.append(commands(51, 60));
        assertThat(recorder.await(60)).containsExactlyElementsOf(commands(1, 60));
    }

    @Test
    void skipsEarlierRecordsWhenFollowingFromTheEnd() {
        RunLog log = connect("log");
        log.append(commands(1, 20));
        assertThat(log.flush(Duration.ofSeconds(30))).isTrue();
        Recorder recorder = new Recorder();
        log.follow(Set.of(Topic.CONTROL), OptionalInt.empty(), From.END, recorder);
        log.append(commands(21, 30));
        assertThat(recorder.await(10)).containsExactlyElementsOf(commands(21, 30));
    }

    @Test
    void offersNothingOnceClosed() {
        RunLog log = connect("log");
        Recorder recorder = new Recorder();
        Following following = follow(log, recorder, Topic.CONTROL);
        log.append(commands(1, 3));
        recorder.await(3);
        following.close();
        Recorder witness = new Recorder();
        follow(log, witness, Topic.CONTROL);
        log.append(commands(4, 6));
        witness.await(6);
        assertThat(recorder.messages()).hasSize(3);
    }

    @Test
    void isReadFromNearItsEndAndWaitsWhileRecordsArrive() throws Exception {
        RunLog log = connect("both");
        log.append(commands(1, 100));
        assertThat(log.flush(Duration.ofSeconds(30))).isTrue();
        Recorder recorder = new Recorder();
        From nearEnd = From.nearEnd(10, Set.of(Topic.MEMBERS));
        Following following = log.follow(Set.of(Topic.CONTROL, Topic.MEMBERS), OptionalInt.empty(), nearEnd, recorder);
        assertThat(recorder.await(10)).containsExactlyElementsOf(commands(91, 100));
        assertThat(following.await(new CompletableFuture<Boolean>(), Duration.ofMillis(50)))
                .isFalse();
        following.close();
        assertThat(following.await(CompletableFuture.completedFuture(true), Duration.ZERO))
                .isTrue();
    }

    @Test
    void continuesAfterAnOutageWithoutALoss() throws Exception {
        RunLog writer = connect("writer");
        RunLog reader = connect("reader");
        Recorder recorder = new Recorder();
        follow(reader, recorder, Topic.CONTROL);
        writer.append(commands(1, 50));
        recorder.await(50);
        outage(() -> {
            writer.append(commands(51, 100));
            Eventually.until("the outage is noticed", () -> !writer.brokerReachable() && !reader.brokerReachable());
            long stoodStillMs = reader.clock().getAsLong();
            writer.append(commands(101, 150));
            assertThat(writer.flush(Duration.ofMillis(200))).isFalse();
            assertThat(reader.clock().getAsLong()).isEqualTo(stoodStillMs);
        });
        writer.append(commands(151, 200));
        assertThat(recorder.await(200)).containsExactlyElementsOf(commands(1, 200));
        Eventually.until("the broker is back", () -> writer.brokerReachable() && reader.brokerReachable());
        connect("late");
        Recorder later = new Recorder();
        follow(connect("late"), later, Topic.CONTROL);
        assertThat(later.await(200)).containsExactlyElementsOf(commands(1, 200));
    }
}
