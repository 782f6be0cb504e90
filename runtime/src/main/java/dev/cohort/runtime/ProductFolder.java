package dev.cohort.runtime;

import java.nio.file.Path;
import java.util.Optional;

/** Folder in which Cohort is installed: {@code experiments/}, {@code python/} and the rest lie in it. */
public final class ProductFolder {
    private static final String PROPERTY = "cohort.home";

    private ProductFolder() {}

    /** The folder; empty where roles are embedded in another program. */
    public static Optional<Path> find() {
        return Optional.ofNullable(System.getProperty(PROPERTY)).map(Path::of);
    }

    /** Flag that passes the folder to another Java process. */
    public static Optional<String> flag() {
        return find().map(folder -> "-D" + PROPERTY + "=" + folder);
    }
}
