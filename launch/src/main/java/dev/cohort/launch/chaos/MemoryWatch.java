package dev.cohort.launch.chaos;

import dev.cohort.launch.ProcessRecord;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;

/** Resident memory of processes over time: that of each once it has settled, and its maximum. Linux only. */
public final class MemoryWatch {
    /** Until then, a process loads its classes and its network. */
    private static final long SETTLED_MS = 20_000;

    /** By process name and number of the start. */
    private final SortedMap<String, Life> lives = new TreeMap<>();

    /** One start of a process. */
    private static final class Life {
        final String name;
        final long firstMs;
        OptionalLong settledBytes = OptionalLong.empty();
        long mostBytes;

        Life(String name, long firstMs) {
            this.name = name;
            this.firstMs = firstMs;
        }
    }

    /** Growth of one process. */
    public record Growth(String name, long settledBytes, long mostBytes) {}

    /** Samples a process; does nothing where the system does not report its memory. */
    public void look(ProcessRecord process, long nowMs) {
        OptionalLong resident = resident(process.pid());
        if (resident.isEmpty()) {
            return;
        }
        Life life = lives.computeIfAbsent(
                process.name() + "#" + process.starts(), start -> new Life(process.name(), nowMs));
        life.mostBytes = Math.max(life.mostBytes, resident.getAsLong());
        if (life.settledBytes.isEmpty() && nowMs - life.firstMs >= SETTLED_MS) {
            life.settledBytes = resident;
        }
    }

    private static OptionalLong resident(long pid) {
        Path status = Path.of("/proc", Long.toString(pid), "status");
        try {
            return Files.exists(status)
                    ? Files.readAllLines(status).stream()
                            .filter(line -> line.startsWith("VmRSS:"))
                            .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("[^0-9]", "")))
                            .findFirst()
                    : OptionalLong.empty();
        } catch (IOException e) {
            return OptionalLong.empty();
        }
    }

    /** The process that grew most after settling, if any has lived long enough. */
    public Optional<Growth> largest() {
        return lives.values().stream()
                .filter(life -> life.settledBytes.isPresent())
                .map(life -> new Growth(life.name, life.settledBytes.getAsLong(), life.mostBytes))
                .max(Comparator.comparingDouble(g -> (double) g.mostBytes() / g.settledBytes()));
    }
}
