package dev.cohort.runtime.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.Topic;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** The table in {@code deploy/topics.md}, for topics created by hand, matches {@link TopicPlan}. */
class TopicTableTest {
    private static final int SLOTS = 20;

    private final TopicPlan plan = new TopicPlan(
            SLOTS, 16, 3, OptionalLong.empty(), OptionalLong.of((long) Experiment.Wire.MAPS_KEPT_MEBIBYTES << 20));

    private static String table() throws IOException {
        Path here = Path.of("").toAbsolutePath();
        Path root = Files.exists(here.resolve("mvnw")) ? here : here.resolve("..");
        return Files.readString(root.resolve("deploy/topics.md"));
    }

    private static String cell(String table, Topic topic, int column) {
        String row = table.lines()
                .filter(l -> l.startsWith("| `" + topic.suffix() + "` |"))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no row for " + topic.suffix()));
        return row.split("\\|", -1)[column].strip();
    }

    @Test
    void matchesTheTable() throws IOException {
        String table = table();
        for (Topic topic : Topic.values()) {
            String partitions =
                    cell(table, topic, 2).replace("min(E, 16)", "16").replace("E", "" + SLOTS);
            assertThat(partitions).as(topic.suffix()).isEqualTo("" + plan.partitions(topic));
            assertThat(cell(table, topic, 3)).isEqualTo(plan.settings(topic).get("cleanup.policy"));
            assertThat(cell(table, topic, 4)).startsWith(plan.settings(topic).get("retention.bytes"));
        }
        for (String name :
                new String[] {"retention.ms", "segment.bytes", "max.message.bytes", "message.timestamp.type"}) {
            assertThat(table)
                    .contains("`" + name + "=" + plan.settings(Topic.RUN).get(name) + "`");
        }
        assertThat(plan.settings(Topic.RUN)).containsEntry("min.insync.replicas", "2");
    }
}
