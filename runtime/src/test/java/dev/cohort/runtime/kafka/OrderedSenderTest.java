package dev.cohort.runtime.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cohort.protocol.Limits;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Topic;
import dev.cohort.protocol.wire.Decoding;
import dev.cohort.protocol.wire.MessageCodec;
import dev.cohort.runtime.Eventually;
import dev.cohort.runtime.RecordedFaults;
import dev.cohort.runtime.Samples;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Order and faults of appending, with a producer whose acknowledgements the test controls. */
@Timeout(60)
class OrderedSenderTest {
    private static final String RUN = "run1";

    private final MessageCodec codec = new MessageCodec(RUN, Limits.DEFAULT);
    private final RecordedFaults faults = new RecordedFaults();
    private final MockProducer<byte[], byte[]> producer =
            new MockProducer<>(cluster(), false, null, new ByteArraySerializer(), new ByteArraySerializer());
    private final OrderedSender sender = new OrderedSender(
            producer, codec, RUN, "test", faults, new ReachableClock(System::nanoTime, Duration.ofSeconds(1)));
    private final List<Thread> threads = new ArrayList<>();

    private static Cluster cluster() {
        Node node = new Node(1, "localhost", 9092);
        List<PartitionInfo> partitions = new ArrayList<>();
        Arrays.stream(Topic.values()).forEach(topic -> {
            for (int i = 0; i < 4; i++) {
                partitions.add(new PartitionInfo(
                        TopicPlan.topicName(RUN, topic), i, node, new Node[] {node}, new Node[] {node}));
            }
        });
        return new Cluster("cluster", List.of(node), partitions, Set.of(), Set.of());
    }

    @AfterEach
    void end() throws InterruptedException {
        for (Thread thread : threads) {
            thread.join();
        }
    }

    private void appendInBackground(Message... messages) {
        Thread thread = new Thread(() -> sender.append(List.of(messages)));
        threads.add(thread);
        thread.start();
    }

    private List<Message> sent() {
        return producer.history().stream().map(this::message).toList();
    }

    private Message message(ProducerRecord<byte[], byte[]> record) {
        return ((Decoding.Accepted) codec.decode(record.value())).message();
    }

    @Test
    void pipelinesWithinAPartition() {
        sender.append(List.of(Samples.command(1), Samples.command(2), Samples.command(3)));
        assertThat(sent()).containsExactly(Samples.command(1), Samples.command(2), Samples.command(3));
        assertThat(sender.flush(Duration.ofMillis(1))).isFalse();
        while (producer.completeNext()) {
            assertThat(faults.all()).isEmpty();
        }
        assertThat(sender.flush(Duration.ofSeconds(10))).isTrue();
    }

    @Test
    void holdsAnOutcomeBackUntilEachAddressedPartIsAcknowledged() {
        appendInBackground(Samples.addressed(1, 0, 1), Samples.addressed(1, 3, 1), Samples.outcome(1, 1));
        Eventually.until("both parts are sent", () -> sent().size() == 2);
        assertThat(sent()).containsExactly(Samples.addressed(1, 0, 1), Samples.addressed(1, 3, 1));
        producer.completeNext();
        assertThat(sent()).hasSize(2);
        producer.completeNext();
        Eventually.until("the outcome is sent", () -> sent().size() == 3);
        assertThat(sent().get(2)).isEqualTo(Samples.outcome(1, 1));
    }

    @Test
    void neverLosesTheMiddleOfAList() {
        appendInBackground(Samples.evaluation(1, 1), Samples.heartbeat(Samples.P1, 1));
        Eventually.until("the first is sent", () -> sent().size() == 1);
        producer.completeNext();
        Eventually.until("the second is sent", () -> sent().size() == 2);
    }

    @Test
    void reportsARecordThatCanNeverBeAppendedWithWhatToDo() {
        sender.append(List.of(Samples.batch(3)));
        producer.errorNext(new RecordTooLargeException("too large"));
        assertThat(faults.all()).hasSize(1);
        assertThat(faults.all().get(0))
                .contains("UNAVAILABLE", "type=Batch", "topic=cohort.run1.batches", "run.batch_size");
    }

    @Test
    void doesNotSendAnOutcomeWhosePartFailed() {
        List<Throwable> thrown = new ArrayList<>();
        Thread thread = new Thread(() -> sender.append(List.of(Samples.addressed(1, 0, 1), Samples.outcome(1, 1))));
        thread.setUncaughtExceptionHandler((t, e) -> thrown.add(e));
        threads.add(thread);
        thread.start();
        Eventually.until("the part is sent", () -> sent().size() == 1);
        producer.errorNext(new RecordTooLargeException("too large"));
        Eventually.until("the failure is thrown", () -> !thrown.isEmpty());
        assertThat(thrown.get(0)).isInstanceOf(RunLogException.class);
        assertThat(sent()).hasSize(1);
    }

    @Test
    void refusesAPartForAMissingSlot() {
        assertThatThrownBy(() -> sender.append(List.of(Samples.addressed(1, 4, 1))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("addressed part for slot 4: must be below 4, the number of slots");
    }

    @Test
    void appendsNothingOnceClosed() {
        sender.close();
        assertThatThrownBy(() -> sender.append(List.of(Samples.command(1))))
                .isInstanceOf(RunLogException.class)
                .hasMessageContaining("closed");
    }
}
