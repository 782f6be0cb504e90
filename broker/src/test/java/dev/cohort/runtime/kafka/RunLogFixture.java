package dev.cohort.runtime.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.protocol.Message;
import dev.cohort.protocol.Topic;
import dev.cohort.runtime.RecordedFaults;
import dev.cohort.runtime.Samples;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.stream.LongStream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;

/** Provides a broker with the topics of one run, and closes logs after each test. */
@Timeout(60)
abstract class RunLogFixture {
    static final TopicPlan PLAN = new TopicPlan(3, 4, 1, OptionalLong.empty(), OptionalLong.of(64 << 20));
    static final Set<Topic> ALL_BUT_ADDRESSED = EnumSet.complementOf(EnumSet.of(Topic.ADDRESSED));

    final String runId = "t" + UUID.randomUUID().toString().substring(0, 8);
    final RecordedFaults faults = new RecordedFaults();
    final List<RunLog> logs = new ArrayList<>();

    abstract KafkaAddress address();

    /** Makes the broker unreachable, runs {@code meanwhile}, and makes it reachable again at the same address. */
    abstract void outage(Runnable meanwhile) throws Exception;

    @BeforeEach
    void makeTopics() {
        connect("launcher").createTopics(PLAN);
    }

    @AfterEach
    void disconnect() {
        logs.forEach(RunLog::close);
        assertThat(faults.all()).isEmpty();
    }

    final String runId() {
        return runId;
    }

    RunLog connect(String sender) {
        RunLog log = RunLog.connect(address(), runId, sender, faults);
        logs.add(log);
        return log;
    }

    static Following follow(RunLog log, Recorder recorder, Topic... topics) {
        return log.follow(Set.of(topics), OptionalInt.empty(), From.BEGINNING, recorder);
    }

    static List<Message> commands(long first, long last) {
        return LongStream.rangeClosed(first, last)
                .mapToObj(i -> (Message) Samples.command(i))
                .toList();
    }

    void write(Topic topic, byte[]... values) {
        for (byte[] value : values) {
            writeRecord(new ProducerRecord<>(TopicPlan.topicName(runId, topic), 0, null, value));
        }
    }

    void writeRecord(ProducerRecord<byte[], byte[]> record) {
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(ClientSettings.producer(address(), "stranger"))) {
            producer.send(record).get();
        } catch (InterruptedException | ExecutionException e) {
            throw new AssertionError(e);
        }
    }
}
