package dev.cohort.runtime.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Topic;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TopicPlanTest {
    private final TopicPlan plan = new TopicPlan(8, 5, 1, OptionalLong.empty());

    @Test
    void keepsTheLogOfARunForever() {
        for (Topic topic : Topic.values()) {
            assertThat(plan.settings(topic))
                    .as(topic.suffix())
                    .containsEntry("retention.ms", "-1")
                    .containsEntry("retention.bytes", "-1")
                    .containsEntry("max.message.bytes", Integer.toString(TopicPlan.RECORD_BYTES_MAX));
        }
    }

    @Test
    void boundsTheBatchesOnlyInPixelMode() {
        TopicPlan pixels = new TopicPlan(8, 5, 1, OptionalLong.of(1 << 30));
        assertThat(pixels.settings(Topic.BATCHES)).containsEntry("retention.bytes", "1073741824");
        assertThat(pixels.settings(Topic.OUTCOMES)).containsEntry("retention.bytes", "-1");
    }

    @Test
    void compactsTheManifestAndTheSnapshots() {
        assertThat(plan.settings(Topic.RUN)).containsEntry("cleanup.policy", "compact");
        assertThat(plan.settings(Topic.SNAPSHOTS)).containsEntry("cleanup.policy", "compact");
        assertThat(plan.settings(Topic.PREDICTIONS)).containsEntry("cleanup.policy", "delete");
    }

    @Test
    void hasOnePartitionWhereOrderMatters() {
        assertThat(plan.partitions(Topic.BATCHES)).isEqualTo(1);
        assertThat(plan.partitions(Topic.OUTCOMES)).isEqualTo(1);
        assertThat(plan.partitions(Topic.ADDRESSED)).isEqualTo(8);
        assertThat(plan.partitions(Topic.PREDICTIONS)).isEqualTo(5);
    }

    @Test
    void givesAPeerTheSamePartitionInEveryVersion() {
        // A changed value would scatter the predictions of a peer over two partitions of a resumed run.
        assertThat(TopicPlan.predictionPartition(new PeerId("p1"), 8)).isEqualTo(2);
        assertThat(TopicPlan.predictionPartition(new PeerId("p2"), 8)).isEqualTo(7);
        assertThat(TopicPlan.predictionPartition(new PeerId("control"), 8)).isEqualTo(6);
    }

    private static TopicPlan.Found found(int partitions, int replicas, Map<String, String> settings) {
        return new TopicPlan.Found(partitions, replicas, settings);
    }

    @Test
    void findsNoDifferenceInItsOwnTopics() {
        for (Topic topic : Topic.values()) {
            assertThat(plan.differences(topic, found(plan.partitions(topic), 1, plan.settings(topic))))
                    .isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "OUTCOMES, retention.ms, 604800000, outcomes retention.ms is 604800000; must be -1",
        "BATCHES, retention.bytes, 1000, batches retention.bytes is 1000; must be at least 1073741824",
        "OUTCOMES, cleanup.policy, compact, outcomes cleanup.policy is compact; must be delete",
        "MEMBERS, message.timestamp.type, CreateTime, members message.timestamp.type is CreateTime; must be LogAppendTime",
        "PREDICTIONS, max.message.bytes, 1048588, predictions max.message.bytes is 1048588; must be at least 33619968",
        "RUN, min.insync.replicas, 1, run min.insync.replicas is 1; must be at least 2",
    })
    void namesEachSettingInWhichATopicFallsShort(Topic topic, String name, String value, String difference) {
        TopicPlan strict = new TopicPlan(8, 5, 3, OptionalLong.of(1 << 30));
        Map<String, String> settings = new TreeMap<>(strict.settings(topic));
        settings.put(name, value);
        assertThat(strict.differences(topic, found(strict.partitions(topic), 3, settings)))
                .containsExactly(difference.replace(';', ','));
    }

    @ParameterizedTest
    @CsvSource({
        "SNAPSHOTS, cleanup.policy, delete",
        "BATCHES, retention.bytes, -1",
        "BATCHES, retention.bytes, 2147483648",
        "PREDICTIONS, max.message.bytes, 67108864",
        "PREDICTIONS, segment.bytes, 1073741824",
    })
    void acceptsATopicThatKeepsMore(Topic topic, String name, String value) {
        TopicPlan pixels = new TopicPlan(8, 5, 1, OptionalLong.of(1 << 30));
        Map<String, String> settings = new TreeMap<>(pixels.settings(topic));
        settings.put(name, value);
        assertThat(pixels.differences(topic, found(pixels.partitions(topic), 3, settings)))
                .isEmpty();
    }

    @Test
    void namesOtherPartitionsAndReplicas() {
        assertThat(new TopicPlan(8, 5, 3, OptionalLong.empty()).differences(Topic.ADDRESSED, found(7, 1, Map.of())))
                .containsExactly("addressed has 7 partitions, must have 8", "addressed has 1 replicas, must have 3");
    }

    @Test
    void sharesKeysOfSnapshotsSoThatTheNewestStay() {
        List<String> newest = LongStream.rangeClosed(1, 13)
                .mapToObj(n -> TopicPlan.snapshotKey(200 * n))
                .toList();
        assertThat(newest).doesNotHaveDuplicates();
        assertThat(LongStream.rangeClosed(1, 1000)
                        .mapToObj(n -> TopicPlan.snapshotKey(200 * n))
                        .distinct())
                .hasSize(13);
    }

    @Test
    void refusesImpossiblePlans() {
        assertThatThrownBy(() -> new TopicPlan(0, 5, 1, OptionalLong.empty()))
                .hasMessage("slots 0: must be at least 1");
        assertThatThrownBy(() -> new TopicPlan(1, 0, 1, OptionalLong.empty()))
                .hasMessageContaining("partitions of the predictions 0");
    }
}
