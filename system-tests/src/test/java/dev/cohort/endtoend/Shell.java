package dev.cohort.endtoend;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A folder in which {@code cohort} is called, as its user calls it. All processes started here are killed after the test; when it
 * fails, their output is shown.
 */
final class Shell implements AfterEachCallback, AutoCloseable {
    private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(300);
    private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private final Supplier<Path> folder;
    private final List<Started> started = new ArrayList<>();

    /** @param folder asked when the test runs, since a temporary folder is not there before */
    Shell(Supplier<Path> folder) {
        this.folder = folder;
    }

    Path folder() {
        try {
            return folder.get().toRealPath();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Folder of the runs, as it is without {@code --runs}. */
    Path runs() {
        return folder().resolve("runs");
    }

    /** Calls {@code cohort} with these words and does not wait. */
    Started start(String... words) {
        List<String> command = new ArrayList<>(List.of(Product.COMMAND.toString()));
        command.addAll(List.of(words));
        return start("cohort " + String.join(" ", words), command, Product.ENVIRONMENT);
    }

    /** Starts any program. */
    Started start(String line, List<String> command, Map<String, String> environment) {
        try {
            Path output = Files.createDirectories(folder().resolve("output"));
            Path out = output.resolve(started.size() + ".out");
            Path err = output.resolve(started.size() + ".err");
            ProcessBuilder builder = new ProcessBuilder(command)
                    .directory(folder().toFile())
                    .redirectOutput(out.toFile())
                    .redirectError(err.toFile());
            builder.environment().putAll(environment);
            Started one = new Started(line, builder.start(), out, err);
            started.add(one);
            return one;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Calls {@code cohort} with these words and waits for its end. */
    Ended run(String... words) {
        return end(start(words));
    }

    /** Waits until a process ends. */
    Ended end(Started process) {
        await("end of " + process.line(), () -> !process.process().isAlive());
        return process.ended();
    }

    /** Waits for a condition, five minutes at most. */
    void await(String what, BooleanSupplier condition) {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - start > LIMIT_NANOS) {
                throw new AssertionError("not within 300 s: " + what);
            }
            LockSupport.parkNanos(POLL_NANOS);
        }
    }

    /**
     * Live processes: those started here, and their children, which name this folder in their command lines. The parent of
     * a child may be dead.
     */
    List<ProcessHandle> survivors() {
        String here = folder().toString();
        Stream<ProcessHandle> children = ProcessHandle.allProcesses()
                .filter(p -> p.info().commandLine().orElse("").contains(here));
        return Stream.concat(started.stream().map(s -> s.process().toHandle()), children)
                .filter(ProcessHandle::isAlive)
                .distinct()
                .toList();
    }

    /** Waits until no process is left. */
    void awaitNoProcess() {
        await("end of all processes", () -> survivors().isEmpty());
    }

    @Override
    public void afterEach(ExtensionContext context) {
        if (context.getExecutionException().isPresent()) {
            System.err.println(output());
        }
        close();
    }

    /** The output of all processes, to find the cause of a failure. */
    String output() {
        String commands = started.stream().map(Started::toString).collect(Collectors.joining("\n"));
        try (Stream<Path> files = Files.walk(folder())) {
            return commands
                    + files.filter(f -> f.toString().matches(".*/processes/[^/]*\\.(log|json)"))
                            .sorted()
                            .map(f -> "\n--- " + f + "\n" + Started.text(f))
                            .collect(Collectors.joining());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Kills the remaining processes. */
    @Override
    public void close() {
        // A launcher first, since it would start its children again.
        started.forEach(s -> s.process().destroyForcibly());
        await("death of all processes", () -> {
            List<ProcessHandle> left = survivors();
            left.forEach(ProcessHandle::destroyForcibly);
            return left.isEmpty();
        });
        started.clear();
    }
}
