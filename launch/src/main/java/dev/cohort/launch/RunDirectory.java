package dev.cohort.launch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.FileFault;
import dev.cohort.runtime.kafka.KafkaAddress;
import dev.cohort.runtime.proxy.Links;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The directory of one run: configuration, log files and process records, the embedded broker's data, checkpoints, metrics and
 * report. Only one launcher can hold it at a time.
 */
public final class RunDirectory implements AutoCloseable {
    /** Default folder of the runs, in the working directory. */
    public static final String RUNS = "runs";

    /** With less free space, the broker or a checkpoint would fail in the middle of a run. */
    static final long FREE_BYTES_MIN = 256L << 20;

    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT);
    /** Name of {@link #effective}. */
    public static final String EFFECTIVE = "effective.yaml";

    /** The result of the run; exists once the run is over. */
    public static final String RESULT = "result.json";
    /** Metrics of the run; exists once its log has been started, so that the run can be resumed. */
    public static final String METRICS = "metrics.csv";

    private static final String ABOUT = "run.json";
    private static final String LINKS = "links.json";
    private static final String LOCK = ".lock";
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final Path path;
    private final About about;
    private final Optional<FileChannel> held;

    private RunDirectory(Path path, About about, Optional<FileChannel> held) {
        this.path = path;
        this.about = about;
        this.held = held;
    }

    /**
     * Content of {@code run.json}.
     *
     * @param id of the run, part of the names of its topics
     * @param bootstrap address of its broker
     * @param embedded whether the broker belongs to the run
     */
    public record About(String id, String bootstrap, boolean embedded) {}

    /**
     * Makes {@code parent/<time>-<name>}, with a suffix when that exists already.
     *
     * @throws CommandException when the directory cannot be written
     */
    public static RunDirectory create(Path parent, String name, LocalDateTime now) {
        try {
            requireRoom(parent, RunDirectory::freeBytes);
            Files.createDirectories(parent);
            try (FileChannel channel = open(parent.resolve(LOCK))) {
                channel.lock();
                String first = TIME.format(now) + "-" + name;
                String id = first;
                for (int suffix = 2; Files.exists(parent.resolve(id)); suffix++) {
                    id = first + "-" + suffix;
                }
                return prepare(Files.createDirectory(parent.resolve(id)), id);
            }
        } catch (IOException | OverlappingFileLockException e) {
            throw unusable(parent, e);
        }
    }

    /**
     * Makes exactly {@code directory}, which must not exist or be empty. The id still consists of time and name, since it must be
     * unique on a shared broker.
     */
    public static RunDirectory createAt(Path directory, String name, LocalDateTime now) {
        try {
            requireRoom(directory, RunDirectory::freeBytes);
            Files.createDirectories(directory);
            if (Files.exists(directory.resolve(ABOUT))) {
                throw new CommandException(
                        ExitCode.USAGE,
                        "run directory " + directory
                                + ": holds a run already; continue it with --resume, or name another");
            }
            try (Stream<Path> files = Files.list(directory)) {
                if (files.findAny().isPresent()) {
                    throw new CommandException(
                            ExitCode.USAGE, "run directory " + directory + ": is not empty; name an empty or new one");
                }
            }
            return prepare(directory, TIME.format(now) + "-" + name);
        } catch (IOException e) {
            throw unusable(directory, e);
        }
    }

    /** Free space on the disk of a folder. */
    interface Room {
        long freeBytes(Path there) throws IOException;
    }

    private static long freeBytes(Path there) throws IOException {
        return Files.getFileStore(there).getUsableSpace();
    }

    /** Checks the free space before anything is written, so that a refused run leaves nothing behind. */
    static void requireRoom(Path path, Room room) throws IOException {
        Path there = path.toAbsolutePath();
        while (!Files.exists(there)) {
            there = Optional.ofNullable(there.getParent()).orElseThrow(() -> new NoSuchFileException(path.toString()));
        }
        long free = room.freeBytes(there);
        if (free < FREE_BYTES_MIN) {
            throw new CommandException(
                    ExitCode.INPUT_OUTPUT,
                    "run directory " + path + ": " + (free >> 20) + " MiB free, a run needs at least "
                            + (FREE_BYTES_MIN >> 20) + " MiB: free some space or name another with --run-dir");
        }
    }

    private static RunDirectory prepare(Path path, String id) throws IOException {
        Path whole = path.toRealPath();
        Files.createDirectories(whole.resolve("processes"));
        return new RunDirectory(whole, new About(id, "", true), Optional.of(hold(whole)));
    }

    /**
     * Opens a run to read it.
     *
     * @param parent folder of the runs
     * @param run id or directory; empty takes the newest one under {@code parent}
     * @throws CommandException when there is no such run
     */
    public static RunDirectory find(Path parent, Optional<String> run) {
        Path path = run.map(r -> byName(parent, r)).orElseGet(() -> newest(parent));
        return new RunDirectory(path, readAbout(path), Optional.empty());
    }

    /** Whether a launcher on this machine holds a run directory. */
    public static boolean isHeld(Path path) {
        Path file = path.resolve(LOCK);
        if (!Files.exists(file)) {
            return false;
        }
        // A shared lock needs no write permission: the run may belong to another user.
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
                FileLock lock = channel.tryLock(0, Long.MAX_VALUE, true)) {
            return lock == null;
        } catch (OverlappingFileLockException e) {
            return true;
        } catch (IOException e) {
            throw unusable(path, e);
        }
    }

    /** Opens a run to resume it; no other launcher may hold it. */
    public static RunDirectory resume(Path parent, Optional<String> run) {
        Path path = find(parent, run).path;
        try {
            return new RunDirectory(path, readAbout(path), Optional.of(hold(path)));
        } catch (IOException e) {
            throw unusable(path, e);
        }
    }

    private static Path byName(Path parent, String run) {
        List<Path> candidates = List.of(parent.resolve(run), Path.of(run));
        return candidates.stream()
                .filter(p -> Files.exists(p.resolve(ABOUT)))
                .findFirst()
                .orElseThrow(() -> new CommandException(
                        ExitCode.USAGE,
                        "run " + run + ": neither in " + parent + " nor a run directory; " + known(parent)));
    }

    private static Path newest(Path parent) {
        return runs(parent).stream()
                .reduce((older, newer) -> newer)
                .orElseThrow(() -> new CommandException(
                        ExitCode.USAGE,
                        "no run in " + parent.toAbsolutePath()
                                + ": start one with 'cohort run', or name its directory"));
    }

    private static String known(Path parent) {
        List<Path> runs = runs(parent);
        if (runs.isEmpty()) {
            return "there are no runs yet";
        }
        int first = Math.max(0, runs.size() - 3);
        return "the newest are "
                + String.join(
                        ", ",
                        runs.subList(first, runs.size()).stream()
                                .map(p -> p.getFileName().toString())
                                .toList());
    }

    /** Runs under {@code parent}, oldest first. */
    static List<Path> runs(Path parent) {
        if (!Files.isDirectory(parent)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(parent)) {
            return files.filter(p -> Files.exists(p.resolve(ABOUT)))
                    .sorted(Comparator.comparing((Path p) -> p.getFileName().toString()))
                    .toList();
        } catch (IOException e) {
            throw unusable(parent, e);
        }
    }

    private static About readAbout(Path path) {
        try {
            JsonNode json = MAPPER.readTree(path.resolve(ABOUT).toFile());
            return new About(
                    json.path("id").asText(),
                    json.path("bootstrap").asText(),
                    json.path("embedded").asBoolean());
        } catch (IOException e) {
            throw unusable(path.resolve(ABOUT), e);
        }
    }

    private static FileChannel hold(Path path) throws IOException {
        FileChannel channel = open(path.resolve(LOCK));
        Optional<FileLock> lock = Optional.ofNullable(channel.tryLock());
        if (lock.isEmpty()) {
            channel.close();
            throw new CommandException(
                    ExitCode.USAGE,
                    "run directory " + path + ": another 'cohort run' is using it; stop that one first");
        }
        return channel;
    }

    private static FileChannel open(Path file) throws IOException {
        return FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    }

    private static CommandException unusable(Path path, Exception cause) {
        return new CommandException(
                ExitCode.INPUT_OUTPUT,
                "run directory " + path + ": cannot be used (" + FileFault.why(cause)
                        + "): check permissions and free space, or name another with --run-dir",
                cause);
    }

    /** Writes {@code run.json}, after which the run can be found. */
    public RunDirectory at(String bootstrap, boolean embedded) {
        write(
                ABOUT,
                MAPPER.createObjectNode()
                                .put("id", about.id())
                                .put("bootstrap", bootstrap)
                                .put("embedded", embedded)
                                .toPrettyString()
                        + "\n");
        return new RunDirectory(path, new About(about.id(), bootstrap, embedded), held);
    }

    /** Writes a file of the run, whole or not at all. */
    public void write(String name, String content) {
        try {
            AtomicFile.write(path.resolve(name), content);
        } catch (IOException e) {
            throw unusable(path, e);
        }
    }

    /** Writes {@link #clientSettings}, if there are any, readable by the owner only, since they may hold passwords. */
    public void writeClientSettings(Map<String, String> settings) {
        if (settings.isEmpty()) {
            return;
        }
        try {
            ClientFile.write(clientSettings(), settings);
        } catch (IOException e) {
            throw unusable(path, e);
        }
    }

    /**
     * Settings of the clients of this run's broker.
     *
     * @param given settings that take precedence over those stored here
     * @throws CommandException when those stored here are needed and cannot be read
     */
    public Map<String, String> client(Map<String, String> given) {
        return given.isEmpty() && Files.exists(clientSettings()) ? ClientFile.read(clientSettings()) : given;
    }

    /** Address of this run's broker with the settings of its clients; see {@link #client}. */
    public KafkaAddress address(Map<String, String> given) {
        return new KafkaAddress(about.bootstrap(), client(given));
    }

    public About about() {
        return about;
    }

    public String id() {
        return about.id();
    }

    public Path path() {
        return path;
    }

    /** The experiment as it was given. */
    public Path given() {
        return path.resolve("config.yaml");
    }

    /** The experiment with every default and every {@code --set} in it. */
    public Path effective() {
        return path.resolve(EFFECTIVE);
    }

    /** Writes the links by which the processes reach the broker through a proxy. */
    public void write(Links links) {
        write(LINKS, links.json());
    }

    /** The links by which the processes reach the broker; empty when they connect directly. */
    public Optional<Links> links() {
        return Files.exists(linksFile()) ? Optional.of(Links.read(linksFile())) : Optional.empty();
    }

    Path linksFile() {
        return path.resolve(LINKS);
    }

    /** The embedded broker's data. */
    public Path broker() {
        return path.resolve("broker");
    }

    /** Kafka client settings of the run, readable by its owner only. */
    public Path clientSettings() {
        return path.resolve("kafka.properties");
    }

    /** Records and output of the processes. */
    public Path processes() {
        return path.resolve("processes");
    }

    /** Releases the directory for another launcher. */
    @Override
    public void close() {
        held.ifPresent(channel -> {
            try {
                channel.close();
            } catch (IOException e) {
                // The lock is released with the process at the latest.
            }
        });
    }
}
