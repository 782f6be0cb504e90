package dev.cohort.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cohort.protocol.Topic;
import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.RecordedLog;
import dev.cohort.study.report.OpenRun;
import dev.cohort.study.view.MessageJson;
import dev.cohort.study.view.OutputFormat;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Prints the records of a topic. */
@Command(
        name = "cat",
        mixinStandardHelpOptions = true,
        description = {
            "Print the decoded records of a topic, one per line.",
            "Prints partition by partition, and summarises tensors."
        },
        footer = {
            "    cohort topic cat outcomes --from step:10 --format json",
            "    cohort topic cat predictions --peer p1 --last 3"
        })
final class TopicCatCommand implements Callable<Integer> {
    private static final int TEXT_CHARS_MAX = 400;

    @Parameters(
            index = "0",
            paramLabel = "TOPIC",
            description =
                    "run, batches, test-batches, predictions, outcomes, addressed, members, control, evaluations or"
                            + " snapshots.")
    private String topic = "";

    @Option(
            names = "--run",
            paramLabel = "RUN",
            description = "Id or directory of the run, or an archive. Default: the newest run. With --bootstrap,"
                    + " the id is required.")
    private Optional<String> run = Optional.empty();

    @Mixin
    private RunsFolder runs = new RunsFolder();

    @Mixin
    private BrokerOptions broker = new BrokerOptions();

    @Option(
            names = "--from",
            paramLabel = "WHERE",
            description = "Where to start: beginning, step:N (records about step N and later) or -K (the last K"
                    + " records of each partition). Default: beginning.")
    private String from = "beginning";

    @Option(
            names = "--last",
            paramLabel = "K",
            description = "Print the last K records of each partition. Short for --from -K.")
    private Optional<Integer> last = Optional.empty();

    @Option(names = "--peer", paramLabel = "PEER", description = "Print only records by this peer or about this peer.")
    private Optional<String> peer = Optional.empty();

    @Option(names = "--whole", description = "Print tensors in full. Needs --format json.")
    private boolean whole;

    @Option(names = "--format", description = "text, or json: one object per line. Default: text.")
    private OutputFormat format = OutputFormat.text;

    @Override
    public Integer call() {
        Topic chosen = Arrays.stream(Topic.values())
                .filter(t -> t.suffix().equals(topic))
                .findFirst()
                .orElseThrow(() -> new CommandException(
                        ExitCode.USAGE,
                        "topic " + topic + ": must be one of "
                                + Arrays.stream(Topic.values())
                                        .map(Topic::suffix)
                                        .collect(Collectors.joining(", "))));
        OptionalLong firstStep = firstStep();
        int tail = tail();
        try (OpenRun opened = RecordedRun.open(run, runs, broker)) {
            for (int partition = 0; partition < opened.log().partitions(chosen); partition++) {
                print(opened.log(), chosen, partition, firstStep, tail);
            }
        }
        return ExitCode.OK.code();
    }

    private OptionalLong firstStep() {
        if (!from.startsWith("step:")) {
            return OptionalLong.empty();
        }
        String number = from.substring("step:".length());
        if (!number.matches("[0-9]{1,18}")) {
            throw wrongFrom();
        }
        return OptionalLong.of(Long.parseLong(number));
    }

    /** 0 prints all. */
    private int tail() {
        if (last.isPresent()) {
            return Math.max(1, last.get());
        }
        if (from.equals("beginning") || from.startsWith("step:")) {
            return 0;
        }
        if (!from.matches("-[1-9][0-9]{0,8}")) {
            throw wrongFrom();
        }
        return Integer.parseInt(from.substring(1));
    }

    private CommandException wrongFrom() {
        return new CommandException(ExitCode.USAGE, "--from " + from + ": must be beginning, step:N or -K");
    }

    private void print(RecordedLog log, Topic chosen, int partition, OptionalLong firstStep, int tail) {
        Deque<ObjectNode> kept = new ArrayDeque<>();
        MessageJson messages = new MessageJson(whole && format == OutputFormat.json);
        try (RecordedLog.Reading reading = log.read(chosen, partition)) {
            for (Optional<RecordedLog.Entry> next = reading.next(); next.isPresent(); next = reading.next()) {
                ObjectNode json = json(next.get(), messages);
                if (!wanted(json, firstStep)) {
                    continue;
                }
                if (tail == 0) {
                    print(json);
                    continue;
                }
                kept.addLast(json);
                if (kept.size() > tail) {
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
        if (entry instanceof RecordedLog.Said said) {
            json.put("appended_ms", said.appendedMs())
                    .put("sender", said.sender())
                    .put("bytes", said.bytes());
            json.setAll(messages.of(said.message()));
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

    private boolean wanted(JsonNode json, OptionalLong firstStep) {
        boolean late =
                firstStep.isEmpty() || !json.has("step") || json.path("step").asLong() >= firstStep.getAsLong();
        boolean ofPeer = peer.isEmpty()
                || json.path("peer").asText().equals(peer.get())
                || json.path("source").asText().equals(peer.get())
                || json.path("sender").asText().equals(peer.get());
        return late && ofPeer;
    }

    private void print(ObjectNode json) {
        System.out.println(format == OutputFormat.json ? json : text(json));
    }

    private static String text(ObjectNode json) {
        List<String> said = new ArrayList<>();
        List<String> head = List.of("topic", "partition", "offset", "appended_ms", "sender", "bytes", "kind");
        json.properties().stream()
                .filter(field -> !head.contains(field.getKey()))
                .forEach(field -> said.add(field.getKey() + "="
                        + (field.getValue().isTextual()
                                ? field.getValue().asText().lines().findFirst().orElse("")
                                : field.getValue().toString())));
        String all = String.join(" ", said);
        String cut = all.length() > TEXT_CHARS_MAX ? all.substring(0, TEXT_CHARS_MAX) + " ..." : all;
        return json.path("topic").asText() + "-" + json.path("partition").asInt() + " "
                + json.path("offset").asLong() + " "
                + (json.has("appended_ms")
                        ? Instant.ofEpochMilli(json.path("appended_ms").asLong()) + " "
                        : "")
                + json.path("sender").asText() + " " + json.path("kind").asText() + " " + cut;
    }
}
