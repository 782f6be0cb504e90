package dev.cohort.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
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
        Path script = Product.installIn(home);
        Files.createSymbolicLink(shell.folder().resolve("link"), script);
    }

    private Ended script(Map<String, String> environment, String... words) {
        Map<String, String> all = new TreeMap<>(environment);
        all.put("COHORT_NO_BUILD", "1");
        return shell.end(start(List.of(), all, words));
    }

    /** @param before words of a program that starts the script with the rest of the line */
    private Started start(List<String> before, Map<String, String> environment, String... words) {
        List<String> command = new ArrayList<>(before);
        command.add(shell.folder().resolve("link").toString());
        command.addAll(List.of(words));
        return shell.start("link " + String.join(" ", words), command, environment);
    }

    @Test
    void startsTheCommandFromAnywhereAndPassesWordsAndExitCode() {
        assertThat(script(Map.of(), "methods").well().out()).contains("mean_logit");
        assertThat(script(Map.of(), "methods", "one", "--batch", "64").well().out())
                .contains("NeurIPS 2018", "method.temperature=3.0", "logits [64, 100], features [64, 64]");
        Ended refused = script(Map.of(), "run", "a file.yaml");
        assertThat(refused.code()).isEqualTo(2);
        assertThat(refused.err()).startsWith("cohort: ").contains("a file.yaml", "no such file");
    }

    @Test
    void refusesAFolderWithoutTorch() {
        Ended refused = script(Map.of("COHORT_TORCH", "/no/torch"), "methods");
        assertThat(refused.code()).isEqualTo(2);
        assertThat(refused.err()).contains("COHORT_TORCH=/no/torch", "no such folder");
        String here = shell.folder().toString();
        assertThat(script(Map.of("COHORT_TORCH", here), "methods").err()).contains(here, "holds no libtorch");
    }

    @Test
    void startsWithoutAHomeAndWithoutStreams() {
        Map<String, String> built = Map.of("COHORT_NO_BUILD", "1");
        assertThat(shell.end(start(List.of("env", "-u", "HOME"), built, "methods"))
                        .well()
                        .out())
                .contains("mean_logit");
        List<String> closed = List.of("bash", "-c", "exec <&- 2>&-; exec \"$@\"", "closed");
        assertThat(shell.end(start(closed, built, "methods")).well().out()).contains("mean_logit");
    }

    @Test
    void passesFlagsAndTheFolderForTemporaryFiles() throws IOException {
        Path temporary = Files.createDirectories(shell.folder().resolve("a place"));
        Map<String, String> flags = Map.of(
                "TMPDIR",
                temporary.toString(),
                "COHORT_JAVA_OPTS",
                "-XshowSettings:properties\n-XX:+UseParallelGC",
                "COHORT_BROKER_JAVA_OPTS",
                "-Dfor.a.broker=1");
        String shown = script(flags, "methods").well().err();
        assertThat(shown).contains("java.io.tmpdir = " + temporary).doesNotContain("for.a.broker");
        assertThat(script(flags, "broker", "--help").well().err()).contains("for.a.broker = 1");
        Ended refused = script(Map.of("COHORT_PEER_JAVA_OPTS", "2g"), "peer", "--help");
        assertThat(refused.code()).isEqualTo(2);
        assertThat(refused.err()).contains("COHORT_PEER_JAVA_OPTS: 2g", "-Xmx2g");
    }

    @Test
    void readsNamesInUtf8WhateverTheLocaleIs() {
        Ended refused = script(Map.of("LC_ALL", "xx_YY.UTF-8"), "run", "größe.yaml");
        assertThat(refused.err()).contains("größe.yaml");
        assertThat(refused.code()).isEqualTo(2);
    }

    @Test
    void aKilledStartEndsItsBuildAndBlocksNoOtherStart() throws IOException {
        Path home = shell.folder().resolve("some where");
        Path building = Files.createFile(shell.folder().resolve("building"));
        Map<String, String> buildsItself = Map.of("COHORT_NO_BUILD", "0");
        build(home, "echo $$ >'" + building + "'; exec sleep 600");
        Started killed = start(List.of(), buildsItself, "methods");
        shell.await("a build", () -> Started.text(building).endsWith("\n"));
        ProcessHandle maven =
                ProcessHandle.of(Long.parseLong(Started.text(building).strip())).orElseThrow();
        killed.process().destroyForcibly();
        build(home, "exit 0");
        assertThat(shell.end(start(List.of(), buildsItself, "methods")).well().out())
                .contains("mean_logit");
        // Its new parent notices its end a moment later.
        shell.await("the end of the killed build", () -> !maven.isAlive());
    }

    /** A stand-in for Maven. */
    private static void build(Path home, String script) throws IOException {
        Path wrapper = Files.writeString(home.resolve("mvnw"), "#!/bin/sh\n" + script + "\n");
        assertThat(wrapper.toFile().setExecutable(true)).isTrue();
    }
}
