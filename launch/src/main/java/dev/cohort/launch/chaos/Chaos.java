package dev.cohort.launch.chaos;

import dev.cohort.launch.ProcessRecord;
import dev.cohort.runtime.kafka.HostileSender;
import dev.cohort.runtime.proxy.LinkControl;
import dev.cohort.runtime.proxy.LinkFault;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Carries out disturbances on the processes and the log of a run on this machine, and counts them. One thread. */
public final class Chaos implements AutoCloseable {
    private static final long SIGNAL_LIMIT_MS = 5_000;

    private final Path processes;
    private final Optional<HostileSender> sender;
    private final Optional<LinkControl> links;
    private final Consumer<String> say;
    private final SortedMap<String, Long> kills = new TreeMap<>();
    private long pauses;
    private long partitions;
    private long cuts;
    private long corrupt;
    private long uncertain;
    private long duplicates;

    /**
     * @param processes folder of the run's process records
     * @param sender writes to the log; empty when nothing is written
     * @param links disturbs connections; empty when the run has no proxy
     * @param say receives a line for each disturbance
     */
    public Chaos(Path processes, Optional<HostileSender> sender, Optional<LinkControl> links, Consumer<String> say) {
        this.processes = processes;
        this.sender = sender;
        this.links = links;
        this.say = say;
    }

    /** Running processes of the run, in the order of their names. */
    public List<ProcessRecord> running() {
        try {
            return ProcessRecord.all(processes).stream()
                    .filter(p -> p.process().isPresent())
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Carries out a disturbance; skips a process that has ended meanwhile. */
    public void carryOut(Disturbance disturbance) throws InterruptedException {
        if (disturbance instanceof Disturbance.Kill kill) {
            find(kill.process()).ifPresent(this::kill);
        } else if (disturbance instanceof Disturbance.Pause pause) {
            Optional<ProcessRecord> process = find(pause.process());
            if (process.isPresent()) {
                pause(process.get(), pause.forMs());
            }
        } else if (disturbance instanceof Disturbance.Part part) {
            if (cause(part.process(), new LinkFault.Parted(part.forMs()))) {
                partitions++;
                say.accept("disconnected " + part.process() + " from the broker for " + part.forMs() + " ms");
            }
        } else if (disturbance instanceof Disturbance.Cut cut) {
            if (cause(cut.process(), new LinkFault.Cut())) {
                cuts++;
                say.accept("cut the connections of " + cut.process());
            }
        } else if (disturbance instanceof Disturbance.Corrupt && sender.isPresent()) {
            HostileSender.Sent sent = sender.get().corrupt();
            corrupt += sent.written();
            uncertain += sent.uncertain();
            say.accept("wrote " + sent.written() + " corrupt records");
        } else if (disturbance instanceof Disturbance.Duplicate && sender.isPresent()) {
            HostileSender.Sent sent = sender.get().duplicate();
            duplicates += sent.written();
            say.accept("wrote " + sent.written() + " records a second time");
        }
    }

    /** Slows the connection of a process until {@code forMs} after the last call. */
    public void slow(String process, long delayMs, long forMs) throws InterruptedException {
        cause(process, new LinkFault.Slowed(delayMs, forMs));
    }

    private boolean cause(String process, LinkFault fault) throws InterruptedException {
        return links.isPresent() && links.get().cause(process, fault);
    }

    private Optional<ProcessRecord> find(String name) {
        return running().stream().filter(p -> p.name().equals(name)).findFirst();
    }

    private void kill(ProcessRecord process) {
        process.process().ifPresent(handle -> {
            handle.destroyForcibly();
            kills.merge(process.role(), 1L, Long::sum);
            say.accept("killed " + process.name() + " (process " + process.pid() + ")");
        });
    }

    private void pause(ProcessRecord process, long forMs) throws InterruptedException {
        if (process.process().isEmpty() || !signal("STOP", process.pid())) {
            return;
        }
        pauses++;
        say.accept("paused " + process.name() + " for " + forMs + " ms");
        try {
            TimeUnit.MILLISECONDS.sleep(forMs);
        } finally {
            signal("CONT", process.pid());
        }
    }

    private static boolean signal(String name, long pid) {
        try {
            // The shell's built-in kill: the program is not installed everywhere.
            Process kill = new ProcessBuilder("/bin/sh", "-c", "kill -" + name + " " + pid)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return kill.waitFor(SIGNAL_LIMIT_MS, TimeUnit.MILLISECONDS) && kill.exitValue() == 0;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot send signals: /bin/sh cannot be started", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Number of kills by role. */
    public SortedMap<String, Long> kills() {
        return kills;
    }

    public long pauses() {
        return pauses;
    }

    public long partitions() {
        return partitions;
    }

    /** Number of times that connections were cut. */
    public long cuts() {
        return cuts;
    }

    /** Records written that every reader must refuse. */
    public long corrupt() {
        return corrupt;
    }

    /** Further such records that may or may not have been written, since the broker failed meanwhile. */
    public long uncertain() {
        return uncertain;
    }

    /** Records written a second time. */
    public long duplicates() {
        return duplicates;
    }

    @Override
    public void close() {
        sender.ifPresent(HostileSender::close);
    }
}
