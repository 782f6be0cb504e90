package dev.cohort.study.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cohort.protocol.Topic;
import dev.cohort.runtime.RecordedLog;
import dev.cohort.study.view.MessageJson;
import dev.cohort.study.view.OutputFormat;
import java.io.PrintStream;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Prints the decoded records of a topic, one per line, partition by partition.
 *
 * @param firstStep records of earlier steps are left out, records without a step are printed
 * @param last number of records at the end of each partition that are printed; 0 prints all
 * @param peer if present, only records by or about this peer are printed
 * @param whole whether tensors are printed in full, in JSON
 */
public record TopicListing(
        OptionalLong firstStep, int last, Optional<String> peer, boolean whole, OutputFormat format, PrintStream out) {
    private static final int TEXT_CHARS_MAX = 400;

    /** Prints the records of one topic. */
    public void print(RecordedLog log, Topic topic) {
        for (int partition = 0; partition < log.partitions(topic); partition++) {
            print(log, topic, partition);
        }
    }

    private void print(RecordedLog log, Topic topic, int partition) {
        Deque<ObjectNode> kept = new ArrayDeque<>();
        MessageJson messages = new MessageJson(whole && format == OutputFormat.json);
        try (RecordedLog.Reading reading = log.read(topic, partition)) {
            for (Optional<RecordedLog.Entry> next = reading.next(); next.isPresent(); next = reading.next()) {
                ObjectNode json = json(next.get(), messages);
                if (!wanted(json)) {
                    continue;
                }
                if (last == 0) {
                    print(json);
                    continue;
                }
                kept.addLast(json);
                if (kept.size() > last) {
                    kept.removeFirst();
                }
            }
        }
        kept.forEach(this::print);
    }

    private static ObjectNode json(RecordedLog.Entry entry, MessageJson messages) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("topic", entry.topic().suffix())
                .put("partition", entry.partition())
                .put("offset", entry.offset());
        if (entry instanceof RecordedLog.Said record) {
            json.put("appended_ms", record.appendedMs())
                    .put("sender", record.sender())
                    .put("bytes", record.bytes());
            json.setAll(messages.of(record.message()));
        } else if (entry instanceof RecordedLog.Refused refused) {
            json.put("appended_ms", refused.appendedMs())
                    .put("sender", refused.rejected().sender())
                    .put("kind", "refused")
                    .put("reason", refused.rejected().reason().name())
                    .put("detail", refused.rejected().detail());
        } else if (entry instanceof RecordedLog.Unreadable unreadable) {
            json.put("kind", "unreadable").put("detail", unreadable.why());
            unreadable.toOffset().ifPresent(to -> json.put("to_offset", to));
        }
        return json;
    }

    private boolean wanted(JsonNode json) {
        boolean late =
                firstStep.isEmpty() || !json.has("step") || json.path("step").asLong() >= firstStep.getAsLong();
        boolean ofPeer = peer.isEmpty()
                || json.path("peer").asText().equals(peer.get())
                || json.path("source").asText().equals(peer.get())
                || json.path("sender").asText().equals(peer.get());
        return late && ofPeer;
    }

    private void print(ObjectNode json) {
        out.println(format == OutputFormat.json ? json : text(json));
    }

    private static String text(ObjectNode json) {
        List<String> fields = new ArrayList<>();
        List<String> head = List.of("topic", "partition", "offset", "appended_ms", "sender", "bytes", "kind");
        json.properties().stream()
                .filter(field -> !head.contains(field.getKey()))
                .forEach(field -> fields.add(field.getKey() + "="
                        + (field.getValue().isTextual()
                                ? field.getValue().asText().lines().findFirst().orElse("")
                                : field.getValue().toString())));
        String all = String.join(" ", fields);
        String cut = all.length() > TEXT_CHARS_MAX ? all.substring(0, TEXT_CHARS_MAX) + " ..." : all;
        return json.path("topic").asText() + "-" + json.path("partition").asInt() + " "
                + json.path("offset").asLong() + " "
                + (json.has("appended_ms")
                        ? Instant.ofEpochMilli(json.path("appended_ms").asLong()) + " "
                        : "")
                + json.path("sender").asText() + " " + json.path("kind").asText() + " " + cut;
    }
}
