package dev.cohort.launch;

import dev.cohort.peer.djl.TorchEngine;
import dev.cohort.runtime.ComputingProcess;
import dev.cohort.runtime.ProductFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Command lines of the Java processes of a run: same Java and class path as this process, small heaps and a quick start.
 */
public final class Jvm {
    private static final String MAIN = "dev.cohort.cli.Cohort";
    private static final int MIB = 1 << 20;
    /** Names the folder in which DJL unpacks PyTorch, instead of one in the home or temporary folder. */
    private static final String CACHE = "DJL_CACHE_DIR";

    /** Names the class archive of this process, which its children can use: same Java, same class path. */
    private static final String ARCHIVE = "cohort.archive";

    private static final String DJL_FOLDER = ".djl.ai";
    private static final FileAttribute<Set<PosixFilePermission>> OWNER_MAY_RUN =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
    /** PyTorch for CPUs, unpacked, with a margin. */
    private static final long TORCH_BYTES = 600L << 20;

    private final String java;
    private final String classPath;
    private final JavaFlags added;
    private final Optional<String> archive;

    private Jvm(String java, String classPath, JavaFlags added, Optional<String> archive) {
        this.java = java;
        this.classPath = classPath;
        this.added = added;
        this.archive = archive;
    }

    /** The Java that runs this process. */
    public static Jvm current() {
        return new Jvm(
                Path.of(System.getProperty("java.home", ""), "bin", "java").toString(),
                System.getProperty("java.class.path", ""),
                new JavaFlags(System.getenv()),
                Optional.ofNullable(System.getProperty(ARCHIVE)));
    }

    /** A process too short-lived, or with too little arithmetic, to pay for the optimising compiler. */
    List<String> light(long heapBytesMax, List<String> arguments) {
        return command(heapBytesMax, List.of("-XX:TieredStopAtLevel=1"), arguments);
    }

    /** A process that computes much in Java itself. */
    List<String> computing(long heapBytesMax, List<String> arguments) {
        return command(heapBytesMax, List.of(), arguments);
    }

    /** A process that computes with {@code torchThreads} threads. */
    List<String> learning(long heapBytesMax, int torchThreads, List<String> arguments) {
        return command(heapBytesMax, List.of("-D" + TorchEngine.THREADS + "=" + torchThreads), arguments);
    }

    /** A process with the given flags. */
    List<String> plain(List<String> flags, List<String> arguments) {
        List<String> own = new ArrayList<>(flags);
        own.addAll(List.of(
                "-Xshare:auto",
                // Avoids a memory-mapped file on disk per process.
                "-XX:-UsePerfData",
                // A process without memory is useless; its supervisor starts it again.
                "-XX:+ExitOnOutOfMemoryError",
                "-Djava.io.tmpdir=" + temporaryFolder()));
        ProductFolder.flag().ifPresent(own::add);
        archive.ifPresent(file -> own.add("-XX:SharedArchiveFile=" + file));
        List<String> command = new ArrayList<>(List.of(java));
        command.addAll(added.of(own, arguments.get(0)));
        command.add(MAIN);
        command.addAll(arguments);
        return command;
    }

    private List<String> command(long heapBytesMax, List<String> flags, List<String> arguments) {
        List<String> own = new ArrayList<>(List.of(
                "-Xmx" + Math.max(1, heapBytesMax / MIB) + "m",
                "-XX:+UseSerialGC",
                "-Dai.djl.offline=" + System.getProperty("ai.djl.offline", "true")));
        own.addAll(flags);
        return plain(own, arguments);
    }

    private static String temporaryFolder() {
        return System.getProperty("java.io.tmpdir", "/tmp");
    }

    /** Environment of every child: the class path, which would clutter process lists as an argument. */
    Map<String, String> environment() {
        return new TreeMap<>(Map.of("CLASSPATH", classPath));
    }

    /**
     * Environment of a child that computes with torch.
     *
     * @param run folder of the run, for PyTorch's libraries when neither home nor the temporary folder can hold them
     */
    Map<String, String> learningEnvironment(int torchThreads, Path run) {
        Map<String, String> environment = environment();
        Path home = Path.of(System.getProperty("user.home", ""));
        if (!System.getenv().containsKey(CACHE) && !takesLibraries(home)) {
            Path temporary = Path.of(temporaryFolder());
            environment.put(
                    CACHE,
                    takesLibraries(temporary)
                            ? temporary.resolve(DJL_FOLDER).toString()
                            : run.resolve("libraries").toString());
        }
        environment.putAll(ComputingProcess.environment(torchThreads, System.getenv()));
        return environment;
    }

    /** Whether libraries are, or can be, unpacked below a folder and can be loaded from it. */
    private static boolean takesLibraries(Path folder) {
        try {
            long needed = Files.isDirectory(folder.resolve(DJL_FOLDER)) ? 0 : TORCH_BYTES;
            if (!Files.isWritable(folder) || Host.freeBytes(folder) < needed) {
                return false;
            }
            Path probe = Files.createTempFile(folder, ".cohort", "", OWNER_MAY_RUN);
            try {
                // On a file system mounted noexec, no file is executable.
                return Files.isExecutable(probe);
            } finally {
                Files.delete(probe);
            }
        } catch (IOException | UnsupportedOperationException e) {
            return false;
        }
    }
}
