package dev.cohort.launch;

import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.FileFault;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Keeps processes running: starts them, writes their records, restarts those that die, gives up those that die too often.
 *
 * <p>A child's standard input is a pipe that only this process holds open, so a child that watches the pipe ends when this
 * process does, for whatever reason. Children ignore Ctrl-C; this process receives it and ends them in order.
 */
public final class Supervisor implements AutoCloseable {
    /** Environment variable that makes a child watch its standard input. */
    public static final String SUPERVISED = "COHORT_SUPERVISED";
    /** A shell that ignores the signals that a terminal sends to the whole process group, then becomes the child. */
    private static final List<String> DEAF = List.of("/bin/sh", "-c", "trap '' INT HUP; exec \"$@\"", "cohort");

    /** Exit code of a process that SIGTERM ended. */
    private static final int SIGNALS = 128;

    private static final int TERMINATED = SIGNALS + 15;
    private static final Pattern TIME = Pattern.compile("^[0-9]{2}:[0-9]{2}:[0-9.]+ ");

    private static final Duration KILL_PATIENCE = Duration.ofSeconds(2);
    private static final int LOG_LINES_SHOWN = 12;

    private final Path directory;
    private final Listener listener;
    private final ScheduledExecutorService thread =
            Executors.newSingleThreadScheduledExecutor(work -> new Thread(work, "supervisor"));
    /** Used by the supervisor thread only. */
    private final Map<String, Child> children = new TreeMap<>();

    private final Death death = new Death(Host.current());
    private boolean stopping;

    /** @param directory of the records and output files */
    public Supervisor(Path directory, Listener listener) {
        this.directory = directory;
        this.listener = listener;
    }

    /** Called on the supervisor's thread; must not block. */
    public interface Listener {
        /** A process died and starts again after {@code delayMs}. */
        void died(String name, String reason, long delayMs);

        /** A non-essential process is no longer restarted. */
        void givenUp(String name, String reason);

        /** The run cannot continue; {@code reason} holds the last lines of the process's output. */
        void broken(String name, ExitCode code, String reason);
    }

    /** @param recorded completes once the process has ended and its record is written */
    private record Running(Process process, CompletableFuture<Void> recorded) {
        /** Whether it ended within the time left until {@code deadlineNanos}. */
        boolean endsBefore(long deadlineNanos) throws InterruptedException {
            try {
                recorded.get(Math.max(0, deadlineNanos - System.nanoTime()), TimeUnit.NANOSECONDS);
                return true;
            } catch (TimeoutException e) {
                return false;
            } catch (ExecutionException e) {
                throw new IllegalStateException("the end of process " + process.pid() + " was not recorded", e);
            }
        }
    }

    private final class Child {
        private final ChildSpec spec;
        private final RestartPolicy policy = new RestartPolicy();
        private ProcessRecord record;
        private Optional<Running> running = Optional.empty();
        /** Command line of the newest start. */
        private List<String> command = List.of();

        Child(ChildSpec spec, ProcessRecord record) {
            this.spec = spec;
            this.record = record;
        }

        void put(ProcessRecord newRecord) throws IOException {
            record = newRecord;
            record.write(directory);
        }
    }

    /** Starts a process and keeps it running. */
    public void start(ChildSpec spec) {
        await(thread.submit(() -> {
            Child child = new Child(spec, ProcessRecord.read(directory, spec.name(), spec.role()));
            children.put(spec.name(), child);
            launch(child);
            return true;
        }));
    }

    /** Whether the last start of a process, under any launcher, ended by itself and in order. */
    public boolean hasLeft(ChildSpec spec) {
        return await(thread.submit(
                () -> ProcessRecord.read(directory, spec.name(), spec.role()).hasLeft()));
    }

    /** The records of all processes. */
    public List<ProcessRecord> records() {
        return await(thread.submit(
                () -> children.values().stream().map(c -> c.record).toList()));
    }

    private void launch(Child child) throws IOException {
        long start = child.record.starts() + 1;
        Path log = log(child.spec.name());
        Files.writeString(
                log,
                "--- start " + start + "\n",
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE,
                StandardOpenOption.APPEND);
        List<String> command = new ArrayList<>(DEAF);
        child.command = child.spec.command().apply(start);
        command.addAll(child.command);
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.environment().putAll(child.spec.environment());
        builder.environment().put(SUPERVISED, "1");
        Process process = builder.start();
        CompletableFuture<Void> recorded = process.onExit().thenAcceptAsync(p -> ended(child, p), thread);
        child.running = Optional.of(new Running(process, recorded));
        child.put(child.record.started(process.toHandle()));
    }

    private void ended(Child child, Process process) {
        child.running = Optional.empty();
        int exit = process.exitValue();
        String reason = death.reason(exit, child.spec.role(), child.command, lastLines(child.spec.name()));
        try {
            // A process that has published its leave is not restarted, whatever its exit code.
            if (!stopping && (exit == ExitCode.OK.code() || exit == ExitCode.LEFT.code())) {
                child.put(child.record.in(ProcessRecord.LEFT, reason));
                return;
            }
            if (stopping) {
                String asked = stopping && exit == TERMINATED ? "asked to end" : reason;
                child.put(child.record.in(ProcessRecord.ENDED, asked));
                return;
            }
            OptionalLong delayMs = hopeless(exit)
                    ? OptionalLong.empty()
                    : child.policy.died(
                            TimeUnit.NANOSECONDS.toMillis(System.nanoTime()), complaint(exit, child.spec.name()));
            if (delayMs.isEmpty()) {
                giveUp(child, exit, reason);
                return;
            }
            child.put(child.record.in(ProcessRecord.WAITING, reason));
            listener.died(child.spec.name(), reason, delayMs.getAsLong());
            var unused = thread.schedule(() -> again(child), delayMs.getAsLong(), TimeUnit.MILLISECONDS);
        } catch (IOException e) {
            listener.broken(
                    child.spec.name(),
                    ExitCode.INPUT_OUTPUT,
                    "its record cannot be written (" + FileFault.why(e) + ")");
        }
    }

    private void again(Child child) {
        if (stopping) {
            return;
        }
        try {
            launch(child);
        } catch (IOException e) {
            listener.broken(child.spec.name(), ExitCode.INPUT_OUTPUT, "cannot be started (" + FileFault.why(e) + ")");
        }
    }

    private void giveUp(Child child, int exit, String reason) throws IOException {
        child.put(child.record.in(ProcessRecord.GIVEN_UP, reason));
        String name = child.spec.name();
        String often = hopeless(exit) ? reason : reason + ", " + child.policy.often();
        if (child.spec.essential()) {
            listener.broken(name, codeOf(exit), often + "\n" + String.join("\n", lastLines(name)));
        } else {
            listener.givenUp(name, often + ": " + lastWord(name));
        }
    }

    /** The last line of a process that ended by itself, without its time; empty for one that was killed. */
    private Optional<String> complaint(int exit, String name) {
        return exit > SIGNALS
                ? Optional.empty()
                : Optional.of(TIME.matcher(lastWord(name)).replaceFirst(""));
    }

    /** Whether a restart would end the same way. */
    private static boolean hopeless(int exit) {
        return exit == ExitCode.USAGE.code();
    }

    private static ExitCode codeOf(int exit) {
        for (ExitCode code : ExitCode.values()) {
            if (code.code() == exit && code != ExitCode.OK) {
                return code;
            }
        }
        return ExitCode.FAILED;
    }

    /** The file a process writes its output to. */
    public Path log(String name) {
        return directory.resolve(name + ".log");
    }

    private List<String> lastLines(String name) {
        try (Stream<String> lines = Files.lines(log(name))) {
            List<String> all = lines.toList();
            return all.subList(Math.max(0, all.size() - LOG_LINES_SHOWN), all.size());
        } catch (IOException | UncheckedIOException e) {
            return List.of("(" + log(name) + " cannot be read: " + e.getMessage() + ")");
        }
    }

    private String lastWord(String name) {
        List<String> lines = lastLines(name);
        return lines.isEmpty() ? "no output" : lines.get(lines.size() - 1);
    }

    /**
     * Ends processes: asks them first, kills those still alive after {@code patience}.
     *
     * @param names of the processes; others keep running, but no process is restarted from now on
     */
    public void stop(Collection<String> names, Duration patience) {
        List<Running> asked = await(thread.submit(() -> {
            stopping = true;
            return running(names);
        }));
        // By the handle: Process.destroy() would also close standard input, which looks like the end of the launcher.
        asked.forEach(r -> r.process().toHandle().destroy());
        long deadlineNanos = System.nanoTime() + patience.toNanos();
        try {
            for (Running running : asked) {
                if (!running.endsBefore(deadlineNanos)) {
                    running.process().destroyForcibly();
                    running.endsBefore(System.nanoTime() + KILL_PATIENCE.toNanos());
                }
            }
        } catch (InterruptedException e) {
            asked.forEach(r -> r.process().destroyForcibly());
            Thread.currentThread().interrupt();
        }
    }

    private List<Running> running(Collection<String> names) {
        return children.values().stream()
                .filter(c -> names.contains(c.spec.name()))
                .flatMap(c -> c.running.stream())
                .toList();
    }

    /** Waits until the processes end by themselves; false when some have not within {@code limit}. */
    public boolean awaitEnd(Collection<String> names, Duration limit) throws InterruptedException {
        long deadlineNanos = System.nanoTime() + limit.toNanos();
        for (Running running : await(thread.submit(() -> running(names)))) {
            if (!running.endsBefore(deadlineNanos)) {
                return false;
            }
        }
        return true;
    }

    /** Names of all processes, running or not. */
    public List<String> names() {
        return await(thread.submit(() -> List.copyOf(children.keySet())));
    }

    /** Kills the remaining processes. */
    @Override
    public void close() {
        if (!thread.isShutdown()) {
            stop(names(), Duration.ZERO);
            thread.shutdown();
        }
    }

    private static <T> T await(Future<T> future) {
        try {
            return future.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CommandException(ExitCode.FAILED, "interrupted while starting or stopping processes", e);
        } catch (ExecutionException e) {
            throw new CommandException(
                    ExitCode.INPUT_OUTPUT, "a process of the run cannot be started: " + e.getCause(), e);
        }
    }
}
