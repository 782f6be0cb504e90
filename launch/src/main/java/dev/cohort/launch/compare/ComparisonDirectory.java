package dev.cohort.launch.compare;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cohort.launch.AtomicFile;
import dev.cohort.launch.RunDirectory;
import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.FileFault;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The directory of one comparison: its plan, the experiment of every run, the runs, and their results. Only one command can hold
 * it at a time.
 */
public final class ComparisonDirectory implements AutoCloseable {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT);
    /** Name, seeds and variants; written last, so that a directory with this file is complete. */
    private static final String PLAN = "plan.json";

    private static final String RUNS = "runs";
    private static final String EXPERIMENTS = "experiments";
    /** Marks the directory of a run that was resumed. */
    private static final String RESUMED = "resumed";
    /** Marks the directory of a run that cannot be resumed; holds the reason. */
    private static final String FAILED = "failed.txt";

    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final Path path;
    private final FileChannel held;

    private ComparisonDirectory(Path path, FileChannel held) {
        this.path = path;
        this.held = held;
    }

    /** Progress of a run. */
    public enum State {
        /** Not begun, or not far enough to be resumed. */
        NEW,
        /** Interrupted. */
        BEGUN,
        FINISHED
    }

    /** Makes {@code parent/<time>-compare-<name>}, with a suffix when that exists already. */
    public static ComparisonDirectory create(Path parent, String name, LocalDateTime now) {
        String first = TIME.format(now) + "-compare-" + name;
        Path path = parent.resolve(first);
        for (int suffix = 2; Files.exists(path); suffix++) {
            path = parent.resolve(first + "-" + suffix);
        }
        return createAt(path);
    }

    /** Makes exactly {@code directory}, which must not exist or be empty. */
    public static ComparisonDirectory createAt(Path directory) {
        try {
            Files.createDirectories(directory);
            try (Stream<Path> files = Files.list(directory)) {
                if (files.findAny().isPresent()) {
                    throw new CommandException(
                            ExitCode.USAGE,
                            "comparison directory " + directory
                                    + ": is not empty; continue it with --resume, or name an empty or new one");
                }
            }
            return new ComparisonDirectory(directory.toRealPath(), hold(directory));
        } catch (IOException e) {
            throw unusable(directory, e);
        }
    }

    /** Opens a comparison to continue it: the one named, or the newest under {@code parent}. */
    public static ComparisonDirectory resume(Path parent, Optional<Path> directory) {
        Path path = directory
                .map(d -> Stream.of(d, parent.resolve(d))
                        .filter(p -> Files.exists(p.resolve(PLAN)))
                        .findFirst()
                        .orElseThrow(() -> none("comparison " + d + ": not a comparison (it has no " + PLAN + ")")))
                .orElseGet(() -> newest(parent));
        try {
            return new ComparisonDirectory(path.toRealPath(), hold(path));
        } catch (IOException e) {
            throw unusable(path, e);
        }
    }

    private static Path newest(Path parent) {
        if (!Files.isDirectory(parent)) {
            throw none("no comparison in " + parent.toAbsolutePath());
        }
        try (Stream<Path> files = Files.list(parent)) {
            return files.filter(p -> Files.exists(p.resolve(PLAN)))
                    .sorted()
                    .reduce((older, newer) -> newer)
                    .orElseThrow(() -> none("no comparison in " + parent.toAbsolutePath()));
        } catch (IOException e) {
            throw unusable(parent, e);
        }
    }

    /** The finished runs of a comparison's directory; of any other path, the path itself. */
    public static List<Path> finished(Path path) {
        if (!Files.exists(path.resolve(PLAN))) {
            return List.of(path);
        }
        try (Stream<Path> found = Files.list(path.resolve(RUNS))) {
            List<Path> whole = found.filter(run -> Files.exists(run.resolve(RunDirectory.RESULT)))
                    .sorted()
                    .toList();
            if (whole.isEmpty()) {
                throw new CommandException(
                        ExitCode.USAGE,
                        "comparison " + path + ": none of its runs is finished; continue it with --resume");
            }
            return whole;
        } catch (IOException e) {
            throw unusable(path, e);
        }
    }

    private static CommandException none(String what) {
        return new CommandException(ExitCode.USAGE, what + "; start one with 'cohort compare', or name its directory");
    }

    private static FileChannel hold(Path path) throws IOException {
        FileChannel channel =
                FileChannel.open(path.resolve(".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            if (Optional.ofNullable(channel.tryLock()).isPresent()) {
                return channel;
            }
        } catch (OverlappingFileLockException e) {
            // Held by this process, which counts as in use.
        }
        channel.close();
        throw new CommandException(
                ExitCode.USAGE,
                "comparison directory " + path + ": another 'cohort compare' is using it; stop that one first");
    }

    private static CommandException unusable(Path path, IOException cause) {
        return new CommandException(
                ExitCode.INPUT_OUTPUT,
                "comparison directory " + path + ": cannot be used (" + FileFault.why(cause)
                        + "): check permissions and free space, or name another with --dir",
                cause);
    }

    /**
     * Writes the plan, from which alone the comparison can be continued.
     *
     * @param given the files and options as given, for the report
     * @param experiments of every run, as complete YAML
     */
    public void plan(Comparison comparison, String given, Map<Planned, String> experiments) {
        ObjectNode json = MAPPER.createObjectNode().put("name", comparison.name());
        ArrayNode seeds = json.putArray("seeds");
        comparison.seeds().forEach(seeds::add);
        ArrayNode variants = json.putArray("variants");
        comparison.variants().forEach(v -> variants.add(v.name()));
        try {
            Files.createDirectories(path.resolve(RUNS));
            Files.createDirectories(path.resolve(EXPERIMENTS));
        } catch (IOException e) {
            throw unusable(path, e);
        }
        write("given.yaml", given);
        experiments.forEach((run, yaml) -> write(EXPERIMENTS + "/" + run.id() + ".yaml", yaml));
        write(PLAN, json.toPrettyString() + "\n");
    }

    /** The planned comparison: name, seeds and names of variants. */
    public Comparison planned() {
        JsonNode json = read(path.resolve(PLAN));
        List<Long> seeds = new ArrayList<>();
        json.path("seeds").forEach(s -> seeds.add(s.asLong()));
        List<Comparison.Variant> variants = new ArrayList<>();
        json.path("variants")
                .forEach(
                        v -> variants.add(new Comparison.Variant(v.asText(), v.asText(), Optional.empty(), List.of())));
        return new Comparison(json.path("name").asText(), seeds, variants);
    }

    /** All runs in their order: every variant with the first seed, then with the second. */
    public static List<Planned> order(Comparison comparison) {
        return comparison.seeds().stream()
                .flatMap(seed -> comparison.variants().stream().map(v -> new Planned(v.name(), seed)))
                .toList();
    }

    /** The experiment of a run. */
    public Path experiment(Planned run) {
        return path.resolve(EXPERIMENTS).resolve(run.id() + ".yaml");
    }

    public Path run(Planned run) {
        return path.resolve(RUNS).resolve(run.id());
    }

    /** Folder of the runs. */
    public Path runs() {
        return path.resolve(RUNS);
    }

    /** Progress of a run. */
    public State state(Planned run) {
        Path directory = run(run);
        if (Files.exists(directory.resolve(RunDirectory.RESULT))) {
            return State.FINISHED;
        }
        boolean resumable =
                Files.exists(directory.resolve(RunDirectory.METRICS)) && !Files.exists(directory.resolve(FAILED));
        return resumable ? State.BEGUN : State.NEW;
    }

    /** Renames the directory of a run that cannot be resumed; nothing is deleted. */
    public void clear(Planned run) {
        Path directory = run(run);
        if (!Files.exists(directory)) {
            return;
        }
        int number = 1;
        while (Files.exists(directory.resolveSibling(run.id() + ".unfinished" + number))) {
            number++;
        }
        try {
            Files.move(directory, directory.resolveSibling(run.id() + ".unfinished" + number));
        } catch (IOException e) {
            throw unusable(directory, e);
        }
    }

    /** Marks a run as resumed: its times no longer cover the whole run. */
    public void markResumed(Planned run) {
        write(RUNS + "/" + run.id() + "/" + RESUMED, "");
    }

    /** Marks a run as failed: it cannot be resumed. */
    public void markFailed(Planned run, String why) {
        if (Files.isDirectory(run(run))) {
            write(RUNS + "/" + run.id() + "/" + FAILED, why + "\n");
        }
    }

    /** The finished runs. */
    public List<Row> rows(Comparison comparison) {
        return order(comparison).stream().flatMap(run -> row(run).stream()).toList();
    }

    /** The result of a run; empty when it is not finished. */
    public Optional<Row> row(Planned run) {
        if (state(run) != State.FINISHED) {
            return Optional.empty();
        }
        boolean resumed = Files.exists(run(run).resolve(RESUMED));
        return Optional.of(new Row(run, resumed, RUNS + "/" + run.id(), read(run(run).resolve(RunDirectory.RESULT))));
    }

    private static JsonNode read(Path file) {
        try {
            return MAPPER.readTree(file.toFile());
        } catch (IOException e) {
            throw unusable(file, e);
        }
    }

    /** The files and options as given. */
    public String given() {
        try {
            return Files.readString(path.resolve("given.yaml"));
        } catch (IOException e) {
            throw unusable(path, e);
        }
    }

    /** Writes a file atomically. */
    public void write(String name, String content) {
        try {
            AtomicFile.write(path.resolve(name), content);
        } catch (IOException e) {
            throw unusable(path, e);
        }
    }

    public Path path() {
        return path;
    }

    /** Releases the directory for another command. */
    @Override
    public void close() {
        try {
            held.close();
        } catch (IOException e) {
            // The lock is released with the process at the latest.
        }
    }
}
