package dev.cohort.launch.limits;

import dev.cohort.launch.Host;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What a host offers a run; empty where it is unknown.
 *
 * @param memory for all processes together
 * @param openFilesMax of each process
 * @param classPathFiles files of the class path, which each process holds open
 * @param freeBytes free on the disk of {@code place}
 * @param place folder for the files of the run
 */
public record HostFigures(
        Optional<Host.Memory> memory,
        OptionalLong openFilesMax,
        long classPathFiles,
        OptionalLong freeBytes,
        Path place) {
    /** The figures of this host, for a run with its files in {@code place}. */
    public static HostFigures current(Path place) {
        Host host = Host.current();
        String classPath = System.getProperty("java.class.path", "");
        return new HostFigures(
                host.memory(),
                host.openFilesMax(),
                classPath.chars().filter(c -> c == File.pathSeparatorChar).count() + 1,
                freeBytes(place),
                place);
    }

    private static OptionalLong freeBytes(Path place) {
        try {
            return OptionalLong.of(Host.freeBytes(place));
        } catch (IOException e) {
            // Creating the folder reports the fault.
            return OptionalLong.empty();
        }
    }
}
