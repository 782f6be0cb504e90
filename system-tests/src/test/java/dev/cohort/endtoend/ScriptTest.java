package dev.cohort.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The script {@code cohort}, in a folder that is built already. */
class ScriptTest {
    @TempDir
    private Path folder = Path.of("");

    @RegisterExtension
    private final Shell shell = new Shell(() -> folder);

    /** The folder of the product with its class path in place, and a link to the script from another folder. */
    @BeforeEach
    void install() throws IOException {
        Path home = shell.folder().resolve("some where");
        Path lib = Files.createDirectories(home.resolve("cli/target/lib"));
        wholeClassPath(lib.resolve("all.jar"));
        Path script = Files.copy(repository().resolve("cohort"), home.resolve("cohort"));
        assertThat(script.toFile().setExecutable(true)).isTrue();
        Files.createSymbolicLink(shell.folder().resolve("link"), script);
    }

    private static Path repository() {
        Path here = Path.of("").toAbsolutePath();
        return Files.exists(here.resolve("mvnw")) ? here : here.resolve("..").normalize();
    }

    /** A jar that is empty but for the names of those it stands for. */
    private static void wholeClassPath(Path jar) throws IOException {
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        String parts = Stream.of(Shell.classPath().split(File.pathSeparator, -1))
                .map(part -> Path.of(part).toUri().toString())
                .collect(Collectors.joining(" "));
        manifest.getMainAttributes().put(Attributes.Name.CLASS_PATH, parts);
        try (OutputStream out = Files.newOutputStream(jar)) {
            new JarOutputStream(out, manifest).close();
        }
    }

    private Ended script(Map<String, String> environment, String... words) {
        List<String> command =
                new ArrayList<>(List.of(shell.folder().resolve("link").toString()));
        command.addAll(List.of(words));
        Map<String, String> all = new TreeMap<>(environment);
        all.put("COHORT_NO_BUILD", "1");
        return shell.end(shell.start("link " + String.join(" ", words), command, all));
    }

    @Test
    void startsTheCommandFromAnywhereAndHandsOnWordsAndExitCode() {
        assertThat(script(Map.of(), "methods").well().out()).contains("mean_logit");
        assertThat(script(Map.of(), "methods", "one", "--batch", "64").well().out())
                .contains("NeurIPS 2018", "method.temperature=3.0", "logits [64, 100], features [64, 64]");
        Ended refused = script(Map.of(), "run", "a file.yaml");
        assertThat(refused.code()).isEqualTo(2);
        assertThat(refused.err()).startsWith("cohort: ").contains("a file.yaml", "no such file");
    }

    @Test
    void refusesATorchThatIsNone() {
        Ended refused = script(Map.of("COHORT_TORCH", "/no/torch"), "methods");
        assertThat(refused.code()).isEqualTo(2);
        assertThat(refused.err()).contains("COHORT_TORCH=/no/torch", "no such folder");
        String here = shell.folder().toString();
        assertThat(script(Map.of("COHORT_TORCH", here), "methods").err()).contains(here, "holds no libtorch");
    }
}
