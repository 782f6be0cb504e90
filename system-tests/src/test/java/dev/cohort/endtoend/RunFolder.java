package dev.cohort.endtoend;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.cohort.runtime.kafka.KafkaAddress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Reads the directory of one run. */
record RunFolder(Path path) {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    /** All runs in a folder, oldest first. */
    static List<RunFolder> in(Path runs) {
        if (!Files.isDirectory(runs)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(runs)) {
            return files.filter(f -> Files.exists(f.resolve("run.json")))
                    .sorted()
                    .map(RunFolder::new)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The only run of a shell, as soon as it exists. */
    static RunFolder await(Shell shell) {
        shell.await("a run in " + shell.runs(), () -> !in(shell.runs()).isEmpty());
        return in(shell.runs()).get(0);
    }

    String id() {
        return json("run.json").path("id").asText();
    }

    KafkaAddress broker() {
        return KafkaAddress.of(json("run.json").path("bootstrap").asText());
    }

    boolean has(String file) {
        return Files.exists(path.resolve(file));
    }

    JsonNode json(String file) {
        try {
            return MAPPER.readTree(path.resolve(file).toFile());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The launcher's record of a process. */
    JsonNode process(String name) {
        return json("processes/" + name + ".json");
    }

    /** Kills a process of the run as {@code kill -9} does, and waits until it is started again; returns its record then. */
    JsonNode kill(Shell shell, String name) {
        JsonNode before = process(name);
        long starts = before.path("starts").asLong();
        ProcessHandle victim = ProcessHandle.of(before.path("pid").asLong()).orElseThrow();
        victim.destroyForcibly();
        shell.await(
                "start " + (starts + 1) + " of " + name,
                () -> process(name).path("starts").asLong() > starts);
        return process(name);
    }
}
