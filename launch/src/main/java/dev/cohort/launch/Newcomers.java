package dev.cohort.launch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.cohort.protocol.PeerId;
import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Peers that a run's launcher keeps running beside those of the experiment: {@code newcomers.json} in the run directory. The
 * launcher follows the file while it works, and reads it again when the run is resumed.
 *
 * @param peers oldest first
 */
public record Newcomers(List<Newcomer> peers) {
    /** Name of the file. */
    public static final String FILE = "newcomers.json";

    private static final String LOCK = ".newcomers.lock";
    private static final ObjectMapper MAPPER = new ObjectMapper();

    public Newcomers {
        peers = List.copyOf(peers);
    }

    /**
     * One of them.
     *
     * @param model name in the model catalogue
     * @param torchThreads threads it computes with, the same ones whenever it is started
     */
    public record Newcomer(PeerId id, String model, int torchThreads) {}

    /** A lock on the newcomers of the run, held until it is closed. */
    public record Change(RunDirectory directory, FileChannel channel) implements Closeable {
        /** The newcomers before the change. */
        public Newcomers before() {
            return of(directory);
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    /** The newcomers of a run; none without the file. */
    public static Newcomers of(RunDirectory directory) {
        Path file = directory.path().resolve(FILE);
        if (!Files.exists(file)) {
            return new Newcomers(List.of());
        }
        try {
            List<Newcomer> peers = new ArrayList<>();
            for (JsonNode one : MAPPER.readTree(file.toFile())) {
                peers.add(new Newcomer(
                        new PeerId(one.path("id").asText()),
                        one.path("model").asText(),
                        one.path("torch_threads").asInt(1)));
            }
            return new Newcomers(peers);
        } catch (IOException e) {
            throw new CommandException(
                    ExitCode.INPUT_OUTPUT,
                    file + ": cannot be read (" + e.getMessage() + "): check its permissions",
                    e);
        }
    }

    /**
     * Locks the newcomers of a run; waits while another process holds the lock.
     *
     * @throws CommandException when the run directory cannot be written
     */
    public static Change lock(RunDirectory directory) {
        Path file = directory.path().resolve(LOCK);
        try {
            FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            channel.lock();
            return new Change(directory, channel);
        } catch (IOException e) {
            throw new CommandException(
                    ExitCode.INPUT_OUTPUT,
                    file + ": cannot be locked (" + e.getMessage() + "): check its permissions",
                    e);
        }
    }

    /** Writes the file; the launcher then starts the newcomers that are new. */
    public void write(RunDirectory directory) {
        ArrayNode json = MAPPER.createArrayNode();
        peers.forEach(p -> json.addObject()
                .put("id", p.id().value())
                .put("model", p.model())
                .put("torch_threads", p.torchThreads()));
        directory.write(FILE, json.toPrettyString() + "\n");
    }

    /** These and {@code more}, without {@code gone}. */
    public Newcomers changed(List<Newcomer> more, List<PeerId> gone) {
        return new Newcomers(Stream.concat(peers.stream(), more.stream())
                .filter(p -> !gone.contains(p.id()))
                .toList());
    }
}
