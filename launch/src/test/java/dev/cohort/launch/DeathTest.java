package dev.cohort.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DeathTest {
    private static final List<String> COMMAND =
            List.of("java", "-Xmx512m", "-XX:+UseSerialGC", "-Xmx300m", "Main", "peer");

    @TempDir
    private Path root = Path.of("");

    private Death death = new Death(Host.current());

    @BeforeEach
    void aContainerOfSevenHundredMebibytes() throws IOException {
        put("proc/self/cgroup", "0::/\n");
        put("sys/fs/cgroup/memory.max", "734003200\n");
        kills(2);
        death = new Death(new Host(root));
    }

    private void kills(int count) throws IOException {
        put("sys/fs/cgroup/memory.events", "oom 4\noom_kill " + count + "\n");
    }

    private void put(String file, String content) throws IOException {
        Path whole = root.resolve(file);
        Files.createDirectories(whole.resolveSibling(""));
        Files.writeString(whole, content);
    }

    private String reason(int exit, String... lastLines) {
        return death.reason(exit, "peer", COMMAND, List.of(lastLines));
    }

    @Test
    void asksForMemoryWhenTheKernelKilledForLackOfIt() throws IOException {
        kills(3);
        assertThat(reason(137))
                .isEqualTo("killed by signal 9: out of memory? All processes share 700 MiB ("
                        + root.resolve("sys/fs/cgroup/memory.max")
                        + "), and the heap of this process alone may take 300 MiB");
        assertThat(reason(137)).as("no further kill").isEqualTo("killed by signal 9");
    }

    @Test
    void doesNotBlameMemoryForOtherKills() {
        assertThat(reason(137)).isEqualTo("killed by signal 9");
        assertThat(reason(139)).isEqualTo("killed by signal 11");
    }

    @Test
    void namesTheFullHeapAndHowToEnlargeIt() {
        assertThat(reason(3, "INFO step 1", "Terminating due to java.lang.OutOfMemoryError: Java heap space"))
                .isEqualTo("out of memory: its heap of 300 MiB is full; COHORT_PEER_JAVA_OPTS=-Xmx600m doubles it");
        assertThat(reason(3, "Terminating due to java.lang.OutOfMemoryError: unable to create native thread"))
                .isEqualTo("out of memory (unable to create native thread)");
        assertThat(reason(3, "something else")).isEqualTo("exit 3");
    }

    @Test
    void namesTheExitCodesOfTheProgram() {
        assertThat(reason(69)).isEqualTo("exit 69 (unavailable)");
        assertThat(reason(1)).isEqualTo("exit 1 (failed)");
    }
}
