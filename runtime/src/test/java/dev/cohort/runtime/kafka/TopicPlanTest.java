package dev.cohort.runtime.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Topic;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class TopicPlanTest {
    private final TopicPlan plan = new TopicPlan(8, 5, 1, OptionalLong.empty());

    @Test
    void keepsTheRecordOfARunForGood() {
        for (Topic topic : Topic.values()) {
            assertThat(plan.settings(topic))
                    .as(topic.suffix())
                    .containsEntry("retention.ms", "-1")
                    .containsEntry("retention.bytes", "-1")
                    .containsEntry("max.message.bytes", Integer.toString(TopicPlan.RECORD_BYTES_MAX));
        }
    }

    @Test
    void boundsTheBatchesOnlyWhenTheyHoldPixels() {
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
    void hasOnePartitionWhereTheOrderOfAllMatters() {
        assertThat(plan.partitions(Topic.BATCHES)).isEqualTo(1);
        assertThat(plan.partitions(Topic.OUTCOMES)).isEqualTo(1);
        assertThat(plan.partitions(Topic.ADDRESSED)).isEqualTo(8);
        assertThat(plan.partitions(Topic.PREDICTIONS)).isEqualTo(5);
    }

    @Test
    void aPeersPartitionIsTheSameInEveryVersion() {
        // A changed value would scatter the predictions of a peer over two partitions of a resumed run.
        assertThat(TopicPlan.predictionPartition(new PeerId("p1"), 8)).isEqualTo(2);
        assertThat(TopicPlan.predictionPartition(new PeerId("p2"), 8)).isEqualTo(7);
        assertThat(TopicPlan.predictionPartition(new PeerId("control"), 8)).isEqualTo(6);
    }

    @Test
    void refusesWhatCannotBeMade() {
        assertThatThrownBy(() -> new TopicPlan(0, 5, 1, OptionalLong.empty()))
                .hasMessage("slots 0: must be at least 1");
        assertThatThrownBy(() -> new TopicPlan(1, 0, 1, OptionalLong.empty()))
                .hasMessageContaining("partitions of the predictions 0");
    }
}
