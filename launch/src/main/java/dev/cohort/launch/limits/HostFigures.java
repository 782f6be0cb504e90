package dev.cohort.launch.limits;

import dev.cohort.launch.Host;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What a host gives to a run; empty where it does not say.
 *
 * @param memory for all processes together
 * @param openFilesMax of each process
 * @param classPathFiles that each process has open
 * @param freeBytes on the disk of {@code place}
 * @param place where the run is going to leave its files
 */
public record HostFigures(
        Optional<Host.Memory> memory,
        OptionalLong openFilesMax,
        long classPathFiles,
        OptionalLong freeBytes,
        Path place) {
    /** Those of this host, for a run that leaves its files in {@code place}. */
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
            // Whoever makes the folder says what is wrong with it.
            return OptionalLong.empty();
        }
    }
}
