package dev.cohort.launch;

import com.sun.management.UnixOperatingSystemMXBean;
import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * Reads the limits of this machine, or of the container around this process. On Linux they are in files; without such files, as
 * on macOS, they are empty.
 */
public final class Host {
    private static final int KIB = 1 << 10;
    /** Of the broker, the largest: its libraries, some partitions and connections. */
    private static final int OPEN_FILES = 224;

    private static final int OPEN_FILES_PER_PEER = 16;

    private final Path root;

    /** @param root folder that holds {@code proc} and {@code sys} */
    Host(Path root) {
        this.root = root;
    }

    /** The host of this process. */
    public static Host current() {
        return new Host(Path.of("/"));
    }

    /**
     * Memory for all processes together.
     *
     * @param source who sets this limit, for people
     */
    public record Memory(long bytesMax, String source) {}

    /** The memory of the machine, or of the narrowest cgroup around this process if that has less. */
    public Optional<Memory> memory() {
        return Stream.concat(machineMemory().stream(), cgroups().stream().flatMap(c -> c.memory().stream()))
                .min(Comparator.comparingLong(Memory::bytesMax));
    }

    /** How many processes the kernel has killed for lack of memory so far. Only the difference of two readings is meaningful. */
    public OptionalLong killsForMemory() {
        Stream<Path> files =
                Stream.concat(cgroups().stream().map(Cgroup::events), Stream.of(root.resolve("proc/vmstat")));
        return files.map(file -> number(file, "oom_kill"))
                .flatMapToLong(OptionalLong::stream)
                .max();
    }

    /** How many files, sockets included, a process may have open at once. */
    public OptionalLong openFilesMax() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix
                ? OptionalLong.of(unix.getMaxFileDescriptorCount())
                : OptionalLong.empty();
    }

    /**
     * Checks the limit before anything is started, since a broker that reaches it fails in the middle of a run.
     *
     * @throws CommandException when a process may not open as many files as the broker of a run with {@code peers} needs
     */
    public static void requireOpenFiles(OptionalLong openFilesMax, int peers) {
        int needed = OPEN_FILES + OPEN_FILES_PER_PEER * peers;
        if (openFilesMax.isPresent() && openFilesMax.getAsLong() < needed) {
            throw new CommandException(
                    ExitCode.INPUT_OUTPUT,
                    "ulimit -n " + openFilesMax.getAsLong() + ": a run of " + peers + " peers may have " + needed
                            + " files open in one process; allow more, as with 'ulimit -n 1024', or LimitNOFILE=1024 of a"
                            + " service");
        }
    }

    /** Bytes free for this user on the disk that holds, or is going to hold, {@code path}. */
    public static long freeBytes(Path path) throws IOException {
        Path there = path.toAbsolutePath();
        while (!Files.exists(there)) {
            Optional<Path> parent = Optional.ofNullable(there.getParent());
            if (parent.isEmpty()) {
                throw new IOException("there is no " + there);
            }
            there = parent.get();
        }
        return Files.getFileStore(there).getUsableSpace();
    }

    private Optional<Memory> machineMemory() {
        OptionalLong kib = number(root.resolve("proc/meminfo"), "MemTotal:");
        return kib.isPresent()
                ? Optional.of(new Memory(kib.getAsLong() * KIB, "the memory of this machine"))
                : Optional.empty();
    }

    /** A group of processes that share a limit. Versions 1 and 2 differ in file names and keys. */
    private record Cgroup(Path limit, Path events) {
        Optional<Memory> memory() {
            try {
                String bytes = Files.readString(limit).strip();
                return bytes.equals("max")
                        ? Optional.empty()
                        : Optional.of(new Memory(Long.parseLong(bytes), limit.toString()));
            } catch (IOException | NumberFormatException e) {
                return Optional.empty();
            }
        }
    }

    /** The cgroup of this process that counts memory, and those around it. A container may see only the inner ones. */
    private List<Cgroup> cgroups() {
        List<Cgroup> found = new ArrayList<>();
        for (String line : lines(root.resolve("proc/self/cgroup"))) {
            String[] parts = line.split(":", 3);
            if (parts.length < 3) {
                continue;
            }
            if (parts[1].isEmpty()) {
                walk("sys/fs/cgroup", parts[2], "memory.max", "memory.events", found);
            } else if (List.of(parts[1].split(",", -1)).contains("memory")) {
                walk("sys/fs/cgroup/memory", parts[2], "memory.limit_in_bytes", "memory.oom_control", found);
            }
        }
        return found;
    }

    private void walk(String mount, String path, String limit, String events, List<Cgroup> found) {
        Path top = root.resolve(mount);
        Path inner = top.resolve(path.substring(path.startsWith("/") ? 1 : 0)).normalize();
        Path first = inner.startsWith(top) ? inner : top;
        for (Optional<Path> group = Optional.of(first);
                group.filter(g -> g.startsWith(top)).isPresent(); ) {
            found.add(new Cgroup(group.get().resolve(limit), group.get().resolve(events)));
            group = group.map(Path::getParent);
        }
    }

    /** The number in the line {@code name number ...} of a file. */
    private static OptionalLong number(Path file, String name) {
        for (String line : lines(file)) {
            String[] words = line.strip().split("\\s+", -1);
            if (words.length > 1 && words[0].equals(name)) {
                try {
                    return OptionalLong.of(Long.parseLong(words[1]));
                } catch (NumberFormatException e) {
                    return OptionalLong.empty();
                }
            }
        }
        return OptionalLong.empty();
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException e) {
            return List.of();
        }
    }
}
