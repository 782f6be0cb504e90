package dev.cohort.runtime.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cohort.protocol.Limits;
import dev.cohort.protocol.Manifest;
import dev.cohort.protocol.Topic;
import dev.cohort.protocol.wire.MessageCodec;
import dev.cohort.runtime.Eventually;
import dev.cohort.runtime.HostPort;
import dev.cohort.runtime.RecordedFaults;
import dev.cohort.runtime.RecordedLog;
import dev.cohort.runtime.Samples;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.UUID;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;

/** The contract of a run's topics and manifest with any broker. */
abstract class RunTopicsContract extends RunLogFixture {
    @Test
    void namesAMissingTopic() throws Exception {
        String topic = TopicPlan.topicName(runId, Topic.PREDICTIONS);
        try (Admin admin = Admin.create(ClientSettings.admin(address(), "check"))) {
            admin.deleteTopics(List.of(topic)).all().get();
            try (ConsumedLog log = ConsumedLog.open(address(), runId)) {
                Eventually.until("deleted", () -> log.partitions(Topic.PREDICTIONS) == 0);
                PlannedLog planned = new PlannedLog(log, PLAN);
                assertThat(planned.partitions(Topic.PREDICTIONS)).isEqualTo(PLAN.predictionPartitions());
                assertThat(Recorder.entries(planned.read(Topic.PREDICTIONS, 1)))
                        .singleElement()
                        .isInstanceOfSatisfying(
                                RecordedLog.Unreadable.class,
                                u -> assertThat(u.why()).endsWith("topic " + topic));
                assertThat(planned.unreadable()).hasSize(1);
            }
        }
    }

    @Test
    void findsTheManifestAsSoonAsItIsWritten() {
        RunLog reader = connect("p1");
        assertThatThrownBy(() -> reader.awaitManifest(Duration.ofMillis(300)))
                .isInstanceOf(RunLogException.class)
                .hasMessageContaining("cohort." + runId + ".run")
                .hasMessageContaining("waited 300 ms");
        assertThat(reader.begun()).isFalse();
        connect("launcher").append(List.of(Samples.manifest()));
        assertThat(reader.awaitManifest(Duration.ofSeconds(30))).isEqualTo(Samples.manifest());
        assertThat(reader.begun()).isTrue();
    }

    @Test
    void refusesARunOfALaterVersionAtOnce() {
        byte[] manifest = new MessageCodec(runId, Limits.DEFAULT).encode(Samples.manifest(), "launcher");
        assertThat(manifest[1])
                .as("the first field of an envelope is its version")
                .isEqualTo((byte) Manifest.PROTOCOL_VERSION);
        manifest[1] = 99;
        writeRecord(new ProducerRecord<>(TopicPlan.topicName(runId, Topic.RUN), 0, new byte[] {1}, manifest));

        assertThatThrownBy(() -> connect("p1").awaitManifest(Duration.ofMinutes(5)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("run " + runId + " has protocol version 99: this program reads " + Manifest.PROTOCOL_VERSION
                        + "; update it");
    }

    @Test
    void refusesARunWithAnInvalidFirstRecordAtOnce() {
        writeRecord(new ProducerRecord<>(TopicPlan.topicName(runId, Topic.RUN), 0, new byte[] {1}, new byte[] {7, 7}));

        assertThatThrownBy(() -> connect("p1").awaitManifest(Duration.ofMinutes(5)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("run " + runId + " cannot be followed: its first record cannot be read");
    }

    @Test
    void doesNotExistBeforeItIsCreated() {
        assertThat(connect("p1").exists()).isTrue();
        try (RunLog other = RunLog.connect(address(), runId + "x", "p1", faults)) {
            assertThat(other.exists()).isFalse();
            assertThatThrownBy(() -> other.awaitManifest(Duration.ofMillis(50)))
                    .isInstanceOf(RunLogException.class)
                    .hasMessageContaining("is not on broker")
                    .hasMessageContaining("check the run id");
            assertThatThrownBy(() -> follow(other, new Recorder(), Topic.CONTROL))
                    .isInstanceOf(RunLogException.class)
                    .hasMessageContaining("cohort." + runId + "x.control");
        }
    }

    @Test
    void changesNoExistingTopicsAndRefusesAnotherPlan() {
        RunLog log = connect("launcher");
        log.append(commands(1, 1));
        log.createTopics(PLAN);
        Recorder recorder = new Recorder();
        follow(log, recorder, Topic.CONTROL);
        assertThat(recorder.await(1)).hasSize(1);
        assertThatThrownBy(() -> log.createTopics(new TopicPlan(5, 4, 1, OptionalLong.empty())))
                .isInstanceOf(RunLogException.class)
                .hasMessageContaining("cohort." + runId + ".addressed has 3 partitions, must have 5");
    }

    @Test
    void readsTheAdvertisedAddressOfItsBroker() throws Exception {
        HostPort server = address().servers().get(0);
        assertThat(AdvertisedBrokers.named(server)).isNotEmpty();
        assertThat(AdvertisedBrokers.obstacle(address())).isEmpty();
    }

    @Test
    void usesTopicsThatWereCreatedBeforehand() throws Exception {
        String made = "made-" + UUID.randomUUID();
        try (Admin admin = Admin.create(ClientSettings.admin(address(), "operator"))) {
            admin.createTopics(Arrays.stream(Topic.values())
                            .map(t -> new NewTopic(TopicPlan.topicName(made, t), PLAN.partitions(t), (short) 1)
                                    .configs(PLAN.settings(t)))
                            .toList())
                    .all()
                    .get();
        }
        try (RunLog log = RunLog.connect(address(), made, "launcher", new RecordedFaults())) {
            Eventually.until("the topics are served", log::exists);
            assertThat(log.begun()).isFalse();
            log.createTopics(PLAN);
            log.append(commands(1, 1));
            assertThat(log.flush(Duration.ofSeconds(30))).isTrue();
            assertThat(log.begun()).as("commands are no manifest").isFalse();
        }
    }

    @Test
    void refusesExistingTopicsWithOtherSettingsByName() throws Exception {
        String made = "made-" + UUID.randomUUID();
        try (Admin admin = Admin.create(ClientSettings.admin(address(), "operator"))) {
            admin.createTopics(List.of(new NewTopic(TopicPlan.topicName(made, Topic.OUTCOMES), 1, (short) 1)
                            .configs(Map.of("retention.ms", "3600000", "segment.bytes", "1048576"))))
                    .all()
                    .get();
        }
        try (RunLog log = RunLog.connect(address(), made, "launcher", new RecordedFaults())) {
            assertThatThrownBy(() -> log.createTopics(PLAN))
                    .isInstanceOf(RunLogException.class)
                    .hasMessageContaining("cohort." + made + ".outcomes retention.ms is 3600000, must be -1")
                    .hasMessageContaining("message.timestamp.type is CreateTime, must be LogAppendTime")
                    .hasMessageNotContaining("segment.bytes")
                    .hasMessageNotContaining("batches");
        }
    }
}
