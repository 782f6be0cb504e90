package dev.cohort.endtoend;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The product as its user has it: the script {@code cohort}, with the class path of these tests. */
final class Product {
    /** Folder of the product: the nearest one above the working directory that has the build's wrapper. */
    static final Path HOME = Stream.iterate(Path.of("").toAbsolutePath(), Path::getParent)
            .filter(folder -> Files.exists(folder.resolve("mvnw")))
            .findFirst()
            .orElseThrow();

    /** What the script needs to start this product with the Java of the tests and without a build. */
    static final Map<String, String> ENVIRONMENT = Map.of(
            "COHORT_NO_BUILD", "1", "COHORT_DJL_OFFLINE", "true", "JAVA_HOME", System.getProperty("java.home", ""));

    /**
     * The script. After a build of all modules it is the real one, which starts quicker where there is an archive of classes; else,
     * as in an editor, it is a copy.
     */
    static final Path COMMAND =
            isPackaged() ? HOME.resolve("cohort") : installIn(HOME.resolve("system-tests/target/product"));

    private Product() {}

    private static List<Path> classPath() {
        // Surefire names it so when it hides it in a jar of its own.
        String all = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path", ""));
        return Stream.of(all.split(File.pathSeparator, -1)).map(Path::of).toList();
    }

    private static boolean isPackaged() {
        Path lib = HOME.resolve("cli/target/lib");
        return classPath().stream()
                .anyMatch(part ->
                        part.startsWith(lib) && part.getFileName().toString().startsWith("cohort-cli-"));
    }

    /** Puts the script, and the class path of these tests where the script expects it, into a folder. */
    static Path installIn(Path home) {
        try {
            Path lib = Files.createDirectories(home.resolve("cli/target/lib"));
            wholeClassPath(lib.resolve("all.jar"));
            for (String folder : List.of("experiments", "python")) {
                if (Files.notExists(home.resolve(folder))) {
                    Files.createSymbolicLink(home.resolve(folder), HOME.resolve(folder));
                }
            }
            return Files.copy(
                    HOME.resolve("cohort"),
                    home.resolve("cohort"),
                    StandardCopyOption.COPY_ATTRIBUTES,
                    StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** An empty jar that names those it stands for. */
    private static void wholeClassPath(Path jar) throws IOException {
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes()
                .put(
                        Attributes.Name.CLASS_PATH,
                        classPath().stream()
                                .map(part -> part.toUri().toString())
                                .collect(Collectors.joining(" ")));
        try (OutputStream out = Files.newOutputStream(jar)) {
            new JarOutputStream(out, manifest).close();
        }
    }
}
