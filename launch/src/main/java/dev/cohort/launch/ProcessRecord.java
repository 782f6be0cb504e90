package dev.cohort.launch;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The state of a process of the run; kept in {@code processes/<name>.json} for people and for the launcher that resumes the run.
 *
 * @param pid of the newest start, 0 before the first
 * @param startedMs start time of that process by the system's clock, in milliseconds since 1970; 0 where the system does not
 *     report one. With the pid it identifies the process, since pids are reused
 * @param starts number of starts, over all launchers of the run
 * @param state running, waiting (to be started again), left (by itself), ended (with its launcher) or given up
 * @param lastExit why the process last ended, empty if it never did
 */
public record ProcessRecord(
        String name, String role, long pid, long startedMs, long starts, String state, String lastExit) {
    static final String RUNNING = "running";
    static final String WAITING = "waiting";
    static final String ENDED = "ended";
    static final String LEFT = "left";
    static final String GIVEN_UP = "given up";

    private static final String JSON = ".json";
    /** The system counts from its boot time, which it knows to the second. */
    private static final long STARTED_MS_MARGIN = 2000;

    private static final ObjectMapper MAPPER = new ObjectMapper();

    /** The record in {@code directory}, or a blank one. */
    static ProcessRecord read(Path directory, String name, String role) throws IOException {
        Path file = file(directory, name);
        if (!Files.exists(file)) {
            return new ProcessRecord(name, role, 0, 0, 0, WAITING, "");
        }
        var json = MAPPER.readTree(file.toFile());
        return new ProcessRecord(
                name,
                role,
                json.path("pid").asLong(),
                json.path("started_ms").asLong(),
                json.path("starts").asLong(),
                json.path("state").asText(),
                json.path("last_exit").asText());
    }

    /** All records in {@code directory}, in the order of their names. */
    public static List<ProcessRecord> all(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            List<ProcessRecord> all = new ArrayList<>();
            for (Path file :
                    files.filter(f -> f.toString().endsWith(JSON)).sorted().toList()) {
                String name = String.valueOf(file.getFileName());
                String role = MAPPER.readTree(file.toFile()).path("role").asText();
                all.add(read(directory, name.substring(0, name.length() - JSON.length()), role));
            }
            return all;
        }
    }

    public boolean isRunning() {
        return state.equals(RUNNING);
    }

    /** The process of the newest start, if it is alive and the pid has not been reused. */
    public Optional<ProcessHandle> process() {
        return isRunning()
                ? ProcessHandle.of(pid)
                        .filter(ProcessHandle::isAlive)
                        .filter(process -> Math.abs(startedMs(process) - startedMs) <= STARTED_MS_MARGIN)
                : Optional.empty();
    }

    /** Whether the process ended by itself and in order while its launcher kept running, as a drained peer does. */
    boolean hasLeft() {
        return state.equals(LEFT);
    }

    /** Whether its launcher no longer restarts it. */
    public boolean isGivenUp() {
        return state.equals(GIVEN_UP);
    }

    void write(Path directory) throws IOException {
        ObjectNode json = MAPPER.createObjectNode()
                .put("name", name)
                .put("role", role)
                .put("pid", pid)
                .put("started_ms", startedMs)
                .put("starts", starts)
                .put("state", state)
                .put("last_exit", lastExit);
        AtomicFile.write(file(directory, name), json.toPrettyString() + "\n");
    }

    private static Path file(Path directory, String name) {
        return directory.resolve(name + JSON);
    }

    ProcessRecord started(ProcessHandle process) {
        return new ProcessRecord(name, role, process.pid(), startedMs(process), starts + 1, RUNNING, lastExit);
    }

    private static long startedMs(ProcessHandle process) {
        return process.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
    }

    ProcessRecord in(String newState, String exit) {
        return new ProcessRecord(name, role, pid, startedMs, starts, newState, exit);
    }
}
