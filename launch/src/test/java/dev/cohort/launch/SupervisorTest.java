package dev.cohort.launch;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.cohort.runtime.ExitCode;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class SupervisorTest {
    /** Waits as a process of a run does: until its standard input ends. */
    private static final String UNTIL_ORPHANED = "cat > /dev/null; exit 75";

    @TempDir
    private Path directory = Path.of("");

    private final BlockingQueue<String> reports = new LinkedBlockingQueue<>();
    private final List<AutoCloseable> open = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable resource : open) {
            resource.close();
        }
    }

    private Supervisor supervisor() {
        Supervisor supervisor = new Supervisor(directory, new Supervisor.Listener() {
            @Override
            public void died(String name, String reason, long delayMs) {
                reports.add(name + " died: " + reason + ", again in " + delayMs + " ms");
            }

            @Override
            public void givenUp(String name, String reason) {
                reports.add(name + " given up: " + reason);
            }

            @Override
            public void broken(String name, ExitCode code, String reason) {
                reports.add(name + " broken (" + code + "): " + reason);
            }
        });
        open.add(supervisor);
        return supervisor;
    }

    private static ChildSpec child(String name, boolean essential, String script) {
        return new ChildSpec(
                name,
                "peer",
                essential,
                start -> List.of("/bin/sh", "-c", script, "sh", Long.toString(start)),
                Map.of("COLOUR", "blue"));
    }

    private JsonNode record(String name) throws IOException {
        return new ObjectMapper().readTree(directory.resolve(name + ".json").toFile());
    }

    private ProcessHandle process(String name) throws IOException {
        return ProcessHandle.of(record(name).path("pid").asLong()).orElseThrow();
    }

    @Test
    void writesPidStartsAndOutputOfEachProcess() throws Exception {
        Supervisor supervisor = supervisor();
        supervisor.start(child("p1", false, "echo \"colour $COLOUR start $1 supervised $COHORT_SUPERVISED\""));
        assertThat(supervisor.awaitEnd(List.of("p1"), Duration.ofSeconds(20))).isTrue();
        assertThat(record("p1").path("pid").asLong()).isPositive();
        assertThat(record("p1").path("starts").asLong()).isEqualTo(1);
        assertThat(record("p1").path("state").asText()).isEqualTo("left");
        assertThat(record("p1").path("last_exit").asText()).isEqualTo("exit 0 (ok)");
        assertThat(directory.resolve("p1.log")).hasContent("--- start 1\ncolour blue start 1 supervised 1\n");
    }

    @Test
    void restartsAKilledProcessAndCountsTheStarts() throws Exception {
        Supervisor supervisor = supervisor();
        supervisor.start(child("p1", false, UNTIL_ORPHANED));
        process("p1").destroyForcibly();
        assertThat(reports.take()).isEqualTo("p1 died: killed by signal 9, again in 250 ms");
        ProcessHandle second = awaitStart("p1", 2);
        assertThat(second.isAlive()).isTrue();
        assertThat(record("p1").path("last_exit").asText()).isEqualTo("killed by signal 9");
    }

    /** The record of a start is written before the process is known to run. */
    private ProcessHandle awaitStart(String name, long start) throws IOException {
        while (record(name).path("starts").asLong() < start
                || !record(name).path("state").asText().equals("running")) {
            Thread.onSpinWait();
        }
        return process(name);
    }

    @Test
    void givesUpAPeerThatDiesTooOften() throws Exception {
        supervisor().start(child("p1", false, "echo no luck; exit 1"));
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < RestartPolicy.DEATHS_MAX; i++) {
            lines.add(reports.take());
        }
        assertThat(lines.subList(0, 4)).allSatisfy(s -> assertThat(s).startsWith("p1 died: exit 1 (failed)"));
        assertThat(lines.get(4)).isEqualTo("p1 given up: exit 1 (failed), 5 times in a row: no luck");
        assertThat(record("p1").path("starts").asLong()).isEqualTo(5);
        assertThat(record("p1").path("state").asText()).isEqualTo("given up");
    }

    @Test
    void doesNotRestartAProcessThatCannotSucceed() throws Exception {
        supervisor().start(child("augmenter", true, "echo 'data folder is gone' >&2; exit 2"));
        assertThat(reports.take())
                .startsWith("augmenter broken (USAGE): exit 2 (usage)")
                .endsWith("data folder is gone");
    }

    @Test
    void continuesTheCountOfAFormerLauncher() throws Exception {
        Supervisor first = supervisor();
        first.start(child("p1", false, "exit 0"));
        first.awaitEnd(List.of("p1"), Duration.ofSeconds(20));
        first.close();
        Supervisor second = supervisor();
        second.start(child("p1", false, "echo start $1"));
        second.awaitEnd(List.of("p1"), Duration.ofSeconds(20));
        assertThat(directory.resolve("p1.log")).content().endsWith("--- start 2\nstart 2\n");
    }

    @Test
    void asksAProcessToEndAndKillsOneThatDoesNot() throws Exception {
        Supervisor supervisor = supervisor();
        supervisor.start(child("willing", false, UNTIL_ORPHANED));
        supervisor.start(child("stubborn", false, "trap '' TERM; echo ready; cat > /dev/null"));
        while (!Files.readString(directory.resolve("stubborn.log")).contains("ready")) {
            Thread.onSpinWait();
        }
        List<ProcessHandle> both = List.of(process("willing"), process("stubborn"));
        supervisor.stop(List.of("willing", "stubborn"), Duration.ofMillis(300));
        assertThat(both).noneMatch(ProcessHandle::isAlive);
        assertThat(record("willing").path("last_exit").asText()).isEqualTo("asked to end");
        assertThat(record("stubborn").path("last_exit").asText()).isEqualTo("killed by signal 9");
        assertThat(reports).isEmpty();
    }

    @Test
    void leavesCtrlCToTheLauncher() throws Exception {
        supervisor().start(child("p1", false, "kill -INT $$; kill -HUP $$; echo still here; exec cat"));
        while (!Files.readString(directory.resolve("p1.log")).contains("still here")) {
            Thread.onSpinWait();
        }
        assertThat(process("p1").isAlive()).isTrue();
    }

    @Test
    void leavesNoProcessBehindWhenItsOwnIsKilled() throws Exception {
        Process launcher = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-Xmx64m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Launching.class.getName(),
                        directory.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        open.add(launcher::destroyForcibly);
        try (BufferedReader out = launcher.inputReader(StandardCharsets.UTF_8)) {
            assertThat(out.readLine()).isEqualTo("started");
            ProcessHandle first = process("p1");
            ProcessHandle second = process("p2");
            assertThat(first.isAlive() && second.isAlive()).isTrue();
            // SIGKILL: the launcher cannot clean up.
            launcher.destroyForcibly().waitFor();
            first.onExit().get(20, TimeUnit.SECONDS);
            second.onExit().get(20, TimeUnit.SECONDS);
        }
    }

    /** A launcher that is killed. */
    static final class Launching {
        private Launching() {}

        public static void main(String[] arguments) {
            SupervisorTest test = new SupervisorTest();
            test.directory = Path.of(arguments[0]);
            Supervisor supervisor = test.supervisor();
            supervisor.start(child("p1", false, UNTIL_ORPHANED));
            supervisor.start(child("p2", true, UNTIL_ORPHANED));
            System.out.println("started");
        }
    }

    @Test
    void distinguishesProcessesThatLeftFromThoseThatWereEnded() throws Exception {
        ChildSpec leaves = child("n1", false, "exit 0");
        ChildSpec stays = child("n2", false, "exec sleep 600");
        try (Supervisor supervisor = supervisor()) {
            assertThat(supervisor.hasLeft(leaves)).isFalse();
            supervisor.start(leaves);
            supervisor.start(stays);
            assertThat(supervisor.awaitEnd(List.of("n1"), Duration.ofSeconds(60)))
                    .isTrue();
        }
        Supervisor next = supervisor();
        assertThat(next.hasLeft(leaves)).isTrue();
        assertThat(next.hasLeft(stays)).isFalse();
    }
}
