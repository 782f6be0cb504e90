package dev.cohort.launch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.FileFault;
import dev.cohort.study.tables.Database;
import dev.cohort.study.view.JsonRows;
import dev.cohort.study.view.OutputFormat;
import dev.cohort.study.view.TextRows;
import dev.cohort.study.view.Words;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * A run in the folder of the runs, summarised from its directory without reading its log.
 *
 * @param state of its launcher
 * @param method empty before the run has a result
 * @param steps closed, once the run has a result
 * @param ensembleAccuracy on the test images, 0..1, if the result has one
 * @param bytes size of its directory
 */
public record RunSummary(
        Path directory,
        State state,
        Optional<String> method,
        OptionalLong steps,
        OptionalDouble ensembleAccuracy,
        long bytes) {
    private static final List<String> COLUMNS = List.of("run", "state", "method", "steps", "ensemble", "bytes");
    private static final List<String> TYPES = List.of("VARCHAR", "VARCHAR", "VARCHAR", "BIGINT", "DOUBLE", "BIGINT");
    private static final ObjectMapper MAPPER = new ObjectMapper();

    /** Current state of a run. */
    public enum State {
        /** A launcher on this machine holds it. */
        RUNNING,
        /** It has a result. */
        ENDED,
        /** It has no result; {@code run --resume} continues it. */
        STOPPED
    }

    /** All runs in a folder, oldest first. */
    public static List<RunSummary> all(Path runs) {
        return RunDirectory.runs(runs).stream().map(RunSummary::of).toList();
    }

    public static RunSummary of(Path directory) {
        Optional<JsonNode> result = result(directory);
        State ended = result.isPresent() ? State.ENDED : State.STOPPED;
        return new RunSummary(
                directory,
                RunDirectory.isHeld(directory) ? State.RUNNING : ended,
                result.map(r -> r.path("method").asText()),
                result.map(r -> OptionalLong.of(r.path("steps").asLong())).orElse(OptionalLong.empty()),
                result.map(r -> r.path("ensemble").path("test_accuracy"))
                        .filter(JsonNode::isNumber)
                        .map(accuracy -> OptionalDouble.of(accuracy.asDouble()))
                        .orElse(OptionalDouble.empty()),
                bytes(directory));
    }

    /** Prints runs as a table, a row each. */
    public static void print(List<RunSummary> runs, OutputFormat format, PrintStream out) {
        TextRows text = new TextRows(out);
        Database.Answer rows = format == OutputFormat.json ? new JsonRows("", out) : text;
        rows.columns(COLUMNS, TYPES);
        runs.forEach(run -> rows.row(run.cells()));
        if (format == OutputFormat.text) {
            text.end();
        }
    }

    private List<Optional<Object>> cells() {
        return List.of(
                Optional.of(name()),
                Optional.of(Words.lower(state)),
                method.map(Object.class::cast),
                steps.isPresent() ? Optional.of(steps.getAsLong()) : Optional.empty(),
                ensembleAccuracy.isPresent() ? Optional.of(ensembleAccuracy.getAsDouble()) : Optional.empty(),
                Optional.of(bytes));
    }

    /** The name of its directory, which is its id unless it was named with {@code --run-dir}. */
    public String name() {
        return String.valueOf(directory.getFileName());
    }

    private static Optional<JsonNode> result(Path directory) {
        Path file = directory.resolve(RunDirectory.RESULT);
        if (!Files.isRegularFile(file)) {
            return Optional.empty();
        }
        try {
            return Optional.ofNullable(MAPPER.readTree(file.toFile())).filter(JsonNode::isObject);
        } catch (IOException e) {
            throw new CommandException(
                    ExitCode.INPUT_OUTPUT, "result " + file + ": cannot be read (" + FileFault.why(e) + ")", e);
        }
    }

    private static long bytes(Path directory) {
        long[] sum = {0};
        try {
            Files.walkFileTree(directory, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                    sum[0] += attributes.size();
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
                    // A running broker deletes its own files.
                    if (e instanceof NoSuchFileException) {
                        return FileVisitResult.CONTINUE;
                    }
                    throw e;
                }
            });
        } catch (IOException e) {
            throw new CommandException(
                    ExitCode.INPUT_OUTPUT,
                    "run directory " + directory + ": cannot be read (" + FileFault.why(e) + "): check its owner",
                    e);
        }
        return sum[0];
    }

    /**
     * Deletes the run, its log and its checkpoints. Links are deleted, not what they point to.
     *
     * @throws CommandException when a launcher holds it, or a file cannot be deleted
     */
    public void delete() {
        // Held while its files are deleted, so that no launcher can resume it meanwhile.
        try (RunDirectory held = RunDirectory.resume(directory, Optional.of(directory.toString()))) {
            Files.walkFileTree(held.path(), new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    Files.delete(file);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException e) throws IOException {
                    if (e != null) {
                        throw e;
                    }
                    Files.delete(folder);
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            throw new CommandException(
                    ExitCode.INPUT_OUTPUT,
                    "run directory " + directory + ": cannot be deleted completely (" + FileFault.why(e)
                            + "): check its owner, then delete it again",
                    e);
        }
    }
}
