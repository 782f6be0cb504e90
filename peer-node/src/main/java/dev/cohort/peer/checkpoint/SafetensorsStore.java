package dev.cohort.peer.checkpoint;

import dev.cohort.peer.CheckpointStore;
import dev.cohort.protocol.Positions;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Hasher;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Stores checkpoints as safetensors files in the folder of one peer. A file is written under a temporary name, forced to disk
 * and then renamed, so a final name always means a complete file. A checksum over step, positions, names, types, shapes and
 * bits finds later damage; a damaged file is skipped for the one before.
 *
 * <p>Checkpoints of evaluated networks, {@code step-000000000042.safetensors}, are permanent, and the one with the best test
 * accuracy (the earliest of equals) is also {@code best.safetensors}. Of the checkpoints between evaluations, {@code
 * between-000000000040.safetensors}, the newest few are kept. Step 0 has none: the seed determines the initial weights.
 *
 * <p>Used by one thread of one process.
 */
public final class SafetensorsStore implements CheckpointStore {
    /** Default number of checkpoints kept between evaluations. */
    public static final int KEPT = 3;

    private static final String EVALUATED = "step";
    private static final String BETWEEN = "between";
    private static final String BEST = "best.safetensors";
    private static final String ACCURACY = "test_accuracy";
    private static final String POSITIONS = "positions";
    private static final String FIRST_STEP = "first_step";
    private static final String STEP = "[0-9]{1,18}";
    private static final Pattern NAME =
            Pattern.compile("(" + EVALUATED + "|" + BETWEEN + ")-([0-9]{12})\\.safetensors");
    private static final String UNFINISHED = ".unfinished";
    private static final String FORMAT = "cohort-checkpoint-1";

    private final Path folder;
    private final int kept;
    private final SortedMap<String, String> about;
    private final List<String> notes = new ArrayList<>();

    /**
     * @param folder created if it is missing
     * @param kept how many checkpoints between evaluations to keep, at least 1
     */
    public SafetensorsStore(Path folder, int kept) {
        this(folder, kept, new TreeMap<>());
    }

    /**
     * @param folder created if it is missing
     * @param kept how many checkpoints between evaluations to keep, at least 1
     * @param about added to each file's metadata, such as {@link StoredNetwork.About#metadata}
     */
    public SafetensorsStore(Path folder, int kept, SortedMap<String, String> about) {
        if (kept < 1) {
            throw new IllegalArgumentException("checkpoints kept " + kept + ": must be at least 1");
        }
        this.folder = folder;
        this.kept = kept;
        this.about = new TreeMap<>(about);
    }

    /**
     * Stores a checkpoint between evaluations; one of the same step is replaced.
     *
     * @throws UncheckedIOException when the file cannot be written; earlier checkpoints are untouched
     */
    @Override
    public void save(Checkpoint checkpoint) {
        try {
            prune(write(checkpoint, BETWEEN, about));
        } catch (IOException e) {
            throw unwritable(checkpoint, e);
        }
    }

    /**
     * Stores the checkpoint of an evaluated network permanently; one of the same step is replaced.
     *
     * @throws UncheckedIOException when the file cannot be written; earlier checkpoints are untouched
     */
    @Override
    public void keep(Checkpoint checkpoint, double testAccuracy) {
        SortedMap<String, String> more = new TreeMap<>(about);
        more.put(ACCURACY, Double.toString(testAccuracy));
        try {
            Path file = write(checkpoint, EVALUATED, more);
            if (testAccuracy > bestAccuracy()) {
                setBest(file);
            }
        } catch (IOException e) {
            throw unwritable(checkpoint, e);
        }
    }

    private UncheckedIOException unwritable(Checkpoint checkpoint, IOException e) {
        return new UncheckedIOException(
                "checkpoint of step " + checkpoint.step() + " cannot be written to " + folder + ": " + e.getMessage()
                        + "; free disk space or make the folder writable, then start again",
                e);
    }

    private Path write(Checkpoint checkpoint, String kind, SortedMap<String, String> metadata) throws IOException {
        Path file = folder.resolve(String.format(Locale.ROOT, "%s-%012d.safetensors", kind, checkpoint.step()));
        Path unfinished = folder.resolve(file.getFileName() + UNFINISHED);
        try {
            Files.createDirectories(folder);
            sweep();
            Safetensors.write(unfinished, contents(checkpoint, metadata));
            Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            forceFolder();
            return file;
        } catch (IOException e) {
            discard(unfinished, e);
            throw e;
        }
    }

    /** Below every accuracy if no best checkpoint can be read. */
    private double bestAccuracy() {
        try {
            return Double.parseDouble(
                    Safetensors.readMetadata(folder.resolve(BEST)).getOrDefault(ACCURACY, "-1"));
        } catch (IOException | NumberFormatException e) {
            return -1;
        }
    }

    /** Uses a link where the file system supports it, to save space. */
    private void setBest(Path file) throws IOException {
        Path unfinished = folder.resolve(BEST + UNFINISHED);
        Files.deleteIfExists(unfinished);
        try {
            Files.createLink(unfinished, file);
        } catch (UnsupportedOperationException | FileSystemException e) {
            Files.copy(file, unfinished, StandardCopyOption.REPLACE_EXISTING);
        }
        Files.move(
                unfinished, folder.resolve(BEST), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        forceFolder();
    }

    private static void discard(Path unfinished, IOException cause) {
        try {
            Files.deleteIfExists(unfinished);
        } catch (IOException e) {
            cause.addSuppressed(e);
        }
    }

    static Safetensors.Contents contents(Checkpoint checkpoint, SortedMap<String, String> about) {
        SortedMap<String, String> metadata = new TreeMap<>(about);
        metadata.put("format", FORMAT);
        metadata.put("step", Long.toString(checkpoint.step()));
        if (!checkpoint.positions().equals(Positions.NONE)) {
            metadata.put(POSITIONS, checkpoint.positions().text());
        }
        if (checkpoint.firstStep() > 1) {
            metadata.put(FIRST_STEP, Long.toString(checkpoint.firstStep()));
        }
        metadata.put("sha256", checksum(checkpoint).hex());
        return new Safetensors.Contents(metadata, checkpoint.learner());
    }

    private static Digest checksum(Checkpoint checkpoint) {
        Hasher hasher = new Hasher()
                .text(FORMAT)
                .number(checkpoint.step())
                .digest(checkpoint.learner().digest());
        if (!checkpoint.positions().equals(Positions.NONE)) {
            hasher.text(checkpoint.positions().text());
        }
        if (checkpoint.firstStep() > 1) {
            hasher.text(FIRST_STEP).number(checkpoint.firstStep());
        }
        return hasher.digest();
    }

    /** Makes the rename itself durable. */
    private void forceFolder() throws IOException {
        if (folder.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
                channel.force(true);
            }
        }
    }

    private void prune(Path saved) throws IOException {
        List<Path> files = newestFirst().stream().filter(f -> !isEvaluated(f)).toList();
        for (Path old : files.subList(Math.min(kept, files.size()), files.size())) {
            if (!old.equals(saved)) {
                Files.delete(old);
            }
        }
    }

    /** Deletes unfinished files that a crash has left. */
    private void sweep() throws IOException {
        try (DirectoryStream<Path> unfinishedFiles = Files.newDirectoryStream(folder, "*" + UNFINISHED)) {
            for (Path unfinished : unfinishedFiles) {
                Files.delete(unfinished);
            }
        }
    }

    @Override
    public Optional<Checkpoint> newest() {
        return newestUpTo(Long.MAX_VALUE);
    }

    /** The newest intact checkpoint that is not after {@code step}. */
    public Optional<Checkpoint> newestUpTo(long step) {
        try {
            for (Path file : newestFirst()) {
                Optional<Checkpoint> whole = stepOf(file) <= step ? readIfWhole(file) : Optional.empty();
                if (whole.isPresent()) {
                    return whole;
                }
            }
            return Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException("checkpoints in " + folder + " cannot be listed: " + e.getMessage(), e);
        }
    }

    private Optional<Checkpoint> readIfWhole(Path file) {
        try {
            return Optional.of(read(file));
        } catch (IOException e) {
            notes.add("checkpoint " + file + " is damaged (" + e.getMessage() + "): falling back to the one before it");
            return Optional.empty();
        }
    }

    /** The damaged checkpoints that {@link #newest} has skipped, and why: one line each, for people. */
    public List<String> notes() {
        return List.copyOf(notes);
    }

    private static Checkpoint read(Path file) throws IOException {
        Checkpoint checkpoint = checked(Safetensors.read(file));
        long step = stepOf(file);
        if (checkpoint.step() != step) {
            throw new Safetensors.MalformedException("step " + checkpoint.step() + ": the file is named " + step);
        }
        return checkpoint;
    }

    /** The checkpoint in a file, after its format and checksum were verified. */
    static Checkpoint checked(Safetensors.Contents contents) throws Safetensors.MalformedException {
        Map<String, String> metadata = contents.metadata();
        if (!FORMAT.equals(metadata.get("format"))) {
            throw new Safetensors.MalformedException("format " + metadata.get("format") + ": must be " + FORMAT);
        }
        Checkpoint checkpoint = new Checkpoint(
                step(metadata.getOrDefault(FIRST_STEP, "1")),
                step(String.valueOf(metadata.get("step"))),
                contents.tensors(),
                positions(metadata));
        String checksum = checksum(checkpoint).hex();
        if (!checksum.equals(metadata.get("sha256"))) {
            throw new Safetensors.MalformedException(
                    "checksum " + checksum + ": the file records " + metadata.get("sha256"));
        }
        return checkpoint;
    }

    private static long step(String text) throws Safetensors.MalformedException {
        if (!text.matches(STEP)) {
            throw new Safetensors.MalformedException("step " + text + ": must be a whole number");
        }
        return Long.parseLong(text);
    }

    private static Positions positions(Map<String, String> metadata) throws Safetensors.MalformedException {
        try {
            return Positions.parse(metadata.getOrDefault(POSITIONS, ""));
        } catch (IllegalArgumentException e) {
            throw new Safetensors.MalformedException(String.valueOf(e.getMessage()));
        }
    }

    private List<Path> newestFirst() throws IOException {
        List<Path> files = new ArrayList<>();
        if (Files.isDirectory(folder)) {
            try (DirectoryStream<Path> all = Files.newDirectoryStream(folder)) {
                for (Path file : all) {
                    if (NAME.matcher(file.getFileName().toString()).matches()) {
                        files.add(file);
                    }
                }
            }
        }
        files.sort(Comparator.comparingLong(SafetensorsStore::stepOf)
                .thenComparing(SafetensorsStore::isEvaluated)
                .reversed());
        return files;
    }

    private static boolean isEvaluated(Path file) {
        return file.getFileName().toString().startsWith(EVALUATED);
    }

    private static long stepOf(Path file) {
        Matcher name = NAME.matcher(file.getFileName().toString());
        if (!name.matches()) {
            throw new IllegalArgumentException("file " + file + ": is not a checkpoint");
        }
        return Long.parseLong(name.group(2));
    }
}
