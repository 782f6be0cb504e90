package dev.cohort.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** How the {@code cohort} script starts Java: which PyTorch is on the class path, and its messages about invalid settings. */
class ScriptTest {
    private static final String NATIVE = "pytorch-native-cpu-2.7.1-linux-x86_64.jar";

    @TempDir
    private Path temp = Path.of("");

    private Path home = Path.of("");
    private String output = "";

    /** A copy of the script beside jars that are names only, and a Java that prints what it is called with. */
    @BeforeEach
    void install() throws IOException {
        home = Files.createDirectory(temp.resolve("a folder"));
        Files.copy(Path.of("..", "cohort"), home.resolve("cohort"));
        Path lib = Files.createDirectories(home.resolve("cli/target/lib"));
        for (String jar : List.of("cohort-cli.jar", NATIVE, "pytorch-jni-2.7.1-0.35.1.jar")) {
            Files.createFile(lib.resolve(jar));
        }
        Path java = Files.createDirectories(temp.resolve("jdk/bin")).resolve("java");
        Files.writeString(java, """
                #!/usr/bin/env bash
                if [[ "$1" == -version ]]; then
                  echo 'openjdk version "17.0.1"' >&2
                else
                  printf '%s\\n' "$@" "library=${PYTORCH_LIBRARY_PATH:-}" "flavor=${PYTORCH_FLAVOR:-}" "locale=${LC_ALL:-}"
                fi
                """);
        Files.setPosixFilePermissions(java, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private int cohort(Map<String, String> environment, String... arguments) throws IOException, InterruptedException {
        ProcessBuilder builder =
                new ProcessBuilder("bash", home.resolve("cohort").toString()).redirectErrorStream(true);
        builder.command().addAll(Arrays.asList(arguments));
        builder.environment().keySet().removeIf(key -> key.startsWith("COHORT_") || key.startsWith("PYTORCH_"));
        builder.environment().put("COHORT_NO_BUILD", "1");
        builder.environment().put("JAVA_HOME", temp.resolve("jdk").toString());
        builder.environment().putAll(environment);
        Process process =
                builder.redirectOutput(temp.resolve("output").toFile()).start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        output = Files.readString(temp.resolve("output"));
        return process.exitValue();
    }

    private List<String> called(Map<String, String> environment) throws IOException, InterruptedException {
        assertThat(cohort(environment, "models")).as(output).isZero();
        return output.lines().toList();
    }

    private Path libtorch(String version) throws IOException {
        Path torch = temp.resolve("libtorch");
        Files.writeString(Files.createDirectories(torch.resolve("lib")).resolve("libtorch.so"), "");
        Files.writeString(torch.resolve("build-version"), version + "\n");
        return torch;
    }

    private void assertRefused(Map<String, String> environment, String... words)
            throws IOException, InterruptedException {
        assertThat(cohort(environment, "models")).isEqualTo(2);
        assertThat(output).startsWith("cohort: ").contains(words);
        assertThat(output.strip().lines()).as(output).hasSize(1);
    }

    @Test
    void usesTheBuiltInPyTorchAndFetchesNothing() throws Exception {
        assertThat(called(Map.of()))
                .contains(home.toRealPath().resolve("cli/target/lib") + "/*", "-Dai.djl.offline=true", "library=")
                .containsSequence("models", "library=", "flavor=");
    }

    /** Java on Linux takes names of files for ASCII in the locale C, which is that of a bare container. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void canReadNamesThatAreNotAscii() throws Exception {
        assertThat(called(Map.of("LC_ALL", "C"))).contains("locale=C.UTF-8");
        assertThat(called(Map.of("LC_ALL", "C.utf8")))
                .as("one that is installed")
                .contains("locale=C.utf8");
        assertThat(called(Map.of("LC_ALL", "xx_XX.UTF-8")))
                .as("one that is not")
                .contains("locale=C.UTF-8");
    }

    @Test
    void leavesTheCpuNativeOutForAPyTorchOfOnesOwn() throws Exception {
        Path torch = libtorch("2.7.1+cu128");

        assertThat(called(Map.of("COHORT_TORCH", torch.toString())))
                .contains(
                        "-Dai.djl.offline=true", "library=" + torch.toRealPath().resolve("lib"), "flavor=cu128")
                .noneMatch(line -> line.contains(NATIVE) || line.endsWith("/*"))
                .anyMatch(line -> line.contains("pytorch-jni-2.7.1-0.35.1.jar"));
    }

    @Test
    void leavesTheCpuNativeOutAndGoesOnlineToDownload() throws Exception {
        assertThat(called(Map.of("COHORT_TORCH", "download")))
                .contains("-Dai.djl.offline=false", "library=")
                .noneMatch(line -> line.contains(NATIVE) || line.endsWith("/*"));
    }

    @Test
    void goesOnlineWhenBuiltWithoutANative() throws Exception {
        Files.delete(home.resolve("cli/target/lib").resolve(NATIVE));

        assertThat(called(Map.of())).contains("-Dai.djl.offline=false");
        Map<String, String> own =
                new TreeMap<>(Map.of("COHORT_TORCH", libtorch("2.7.1+cu128").toString()));
        assertThat(called(own)).contains("-Dai.djl.offline=true");
    }

    @Test
    void refusesAPyTorchOfAnotherVersion() throws Exception {
        assertRefused(Map.of("COHORT_TORCH", libtorch("2.5.0+cpu").toString()), "2.5.0", "2.7.1");
    }

    @Test
    void refusesAFolderWithoutPyTorch() throws Exception {
        assertRefused(Map.of("COHORT_TORCH", temp.toString()), "COHORT_TORCH=" + temp, "libtorch");
        assertRefused(Map.of("COHORT_TORCH", "nowhere"), "COHORT_TORCH=nowhere", "no such folder", "download");
    }

    @Test
    void refusesWordsThatAreNotFlags() throws Exception {
        assertRefused(Map.of("COHORT_JAVA_OPTS", "-Xmx1g nonsense"), "COHORT_JAVA_OPTS", "nonsense", "-Xmx2g");
        assertThat(called(Map.of("COHORT_JAVA_OPTS", "-Xmx1g -Xss1m"))).contains("-Xmx1g", "-Xss1m");
    }

    /** What stands in for Maven: notes that it was called, and succeeds. */
    private Path buildable() throws IOException {
        Path built = temp.resolve("built");
        Path maven = home.resolve("mvnw");
        Files.writeString(maven, "#!/bin/sh\necho built >>'" + built + "'\n");
        Files.setPosixFilePermissions(maven, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.createFile(temp.resolve("jdk/bin/javac")).toFile().setExecutable(true);
        Files.createFile(home.resolve("pom.xml"));
        return built;
    }

    @Test
    void buildsWhenASourceHasChangedAndNotForAnExperiment() throws Exception {
        Path built = buildable();
        Path source = Files.createDirectories(home.resolve("cli/src/main/java")).resolve("A.java");
        Path experiment = Files.createDirectories(home.resolve("experiments")).resolve("quickstart.yaml");
        Map<String, String> builds = Map.of("COHORT_NO_BUILD", "0", "COHORT_NO_ARCHIVE", "1");
        called(builds);
        assertThat(built).hasContent("built");
        FileTime later = FileTime.from(Instant.now().plusSeconds(5));

        Files.setLastModifiedTime(Files.createFile(experiment), later);
        assertThat(called(builds)).contains("-Dcohort.home=" + home.toRealPath());
        assertThat(built).as("read where it is").hasContent("built");

        Files.setLastModifiedTime(Files.createFile(source), later);
        called(builds);
        assertThat(built).hasContent("built\nbuilt");
    }

    @Test
    void aReleaseRunsWithoutABuild() throws Exception {
        Path release = Files.createDirectories(temp.resolve("cohort-1"));
        Files.createDirectories(release.resolve("bin"));
        Files.move(home.resolve("cohort"), release.resolve("bin/cohort"));
        Files.move(home.resolve("cli/target/lib"), release.resolve("lib"));
        home = release.resolve("bin");

        assertThat(called(Map.of("COHORT_NO_BUILD", "0")))
                .contains(release.toRealPath().resolve("lib") + "/*", "-Dcohort.home=" + release.toRealPath());
    }

    /** Records an archive of so many bytes for the Java of this test; the existing one has 3. */
    private Path archived(String size) throws IOException {
        Path built = home.resolve("cli/target");
        Path archive = Files.writeString(built.resolve("cohort.jsa"), "jsa");
        Files.writeString(built.resolve("cohort.jsa.for"), temp.resolve("jdk/bin/java") + " " + size);
        FileTime earlier = FileTime.from(Instant.now().minusSeconds(60));
        try (Stream<Path> jars = Files.list(built.resolve("lib"))) {
            for (Path jar : jars.toList()) {
                Files.setLastModifiedTime(jar, earlier);
            }
        }
        Files.setLastModifiedTime(built.resolve("lib"), earlier);
        return archive.toRealPath();
    }

    @Test
    void startsWithAnArchiveOfClassesThatFits() throws Exception {
        Path archive = archived("3");
        assertThat(called(Map.of())).contains("-XX:SharedArchiveFile=" + archive, "-Dcohort.archive=" + archive);

        assertThat(called(Map.of("COHORT_NO_ARCHIVE", "1"))).noneMatch(ScriptTest::namesAnArchive);
        assertThat(called(Map.of("COHORT_TORCH", "download")))
                .as("another class path")
                .noneMatch(ScriptTest::namesAnArchive);
    }

    @Test
    void startsWithoutAnArchiveThatDoesNotFit() throws Exception {
        assertThat(called(Map.of())).as("none").noneMatch(ScriptTest::namesAnArchive);
        Path archive = archived("4");
        assertThat(called(Map.of())).as("one that is cut").noneMatch(ScriptTest::namesAnArchive);
        archived("3");
        Files.writeString(archive.resolveSibling("cohort.jsa.for"), "/another/java 3");
        assertThat(called(Map.of())).as("that of another Java").noneMatch(ScriptTest::namesAnArchive);
        archived("3");
        Files.setLastModifiedTime(
                archive.resolveSibling("lib/cohort-cli.jar"),
                FileTime.from(Instant.now().plusSeconds(5)));
        assertThat(called(Map.of())).as("one older than a jar").noneMatch(ScriptTest::namesAnArchive);
    }

    @Test
    void waitsForAnArchiveWhenToldTo() throws Exception {
        Path script = Files.createDirectories(home.resolve("cli/src/main/sh")).resolve("class-archive.sh");
        Files.writeString(script, "#!/bin/sh\nsleep 1\nprintf '%s\\n' \"$@\" >\"$6\"\n");
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
        Path archive = home.resolve("cli/target/cohort.jsa");

        called(Map.of());
        assertThat(archive).as("what is built stays as it is").doesNotExist();
        called(Map.of("COHORT_ARCHIVE", "wait"));
        assertThat(archive).content().startsWith("archive\n");
    }

    private static boolean namesAnArchive(String word) {
        return word.contains("rchive");
    }
}
