package dev.cohort.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.protocol.Message;
import dev.cohort.protocol.Topic;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The end of a process, observed from outside. */
@Timeout(60)
class ProcessEndTest {
    private static final String READY = "ready";

    /** A process built like a role's; its argument selects the fault. */
    static final class Role {
        private Role() {}

        public static void main(String[] args) {
            RoleProcess process = RoleProcess.start("role");
            NodeVerticle node = new NodeVerticle(
                    NodeVerticle.Wiring.of("node", new ScriptedNode(Role::broken), () -> 0, messages -> {}, process));
            process.onStop(() -> stop(process, args[0]));
            process.deploy(node);
            process.serve(HostPort.LOOPBACK, List::of);
            System.out.println(READY);
            if (args[0].equals("broken-node")) {
                node.inbox().offer(new Delivery(Samples.command(1), "test", Topic.CONTROL, 0, 0, 0, 1));
            }
            System.exit(process.await().code());
        }

        private static List<Message> broken(Message message) {
            throw new IllegalStateException("step 7 applied twice");
        }

        private static void stop(RoleProcess process, String what) {
            System.out.println("graceful");
            if (what.equals("deaf")) {
                LockSupport.parkNanos(TimeUnit.HOURS.toNanos(1));
            }
            process.exit(ExitCode.OK);
        }
    }

    private static Process start(Path output, boolean supervised, String... settingsAndArgument) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path")));
        List<String> more = List.of(settingsAndArgument);
        command.addAll(more.subList(0, more.size() - 1));
        command.add(Role.class.getName());
        command.add(more.get(more.size() - 1));
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
        builder.environment().remove(ParentWatch.SUPERVISED);
        if (supervised) {
            builder.environment().put(ParentWatch.SUPERVISED, "1");
        }
        Process process = builder.start();
        Eventually.until("the process is ready", () -> read(output).contains(READY) || !process.isAlive());
        return process;
    }

    private static String read(Path file) {
        try {
            return Files.readString(file, StandardCharsets.UTF_8);
        } catch (IOException e) {
            return "";
        }
    }

    private static int exitCode(Process process) throws InterruptedException {
        assertThat(process.waitFor(40, TimeUnit.SECONDS)).as("ends by itself").isTrue();
        return process.exitValue();
    }

    @Test
    void endsAfterAnErrorInANodeAndLogsWhere(@TempDir Path folder) throws Exception {
        Path output = folder.resolve("out");
        assertThat(exitCode(start(output, false, "broken-node"))).isEqualTo(ExitCode.BUG.code());
        assertThat(read(output))
                .contains("ERROR RoleProcess node failed node=node exit=70")
                .contains("IllegalStateException: step 7 applied twice")
                .contains("at dev.cohort.runtime.ProcessEndTest$Role.broken");
    }

    @Test
    void endsGracefullyAfterASignal(@TempDir Path folder) throws Exception {
        Path output = folder.resolve("out");
        Process process = start(output, false, "idle");
        process.destroy();
        assertThat(exitCode(process)).isEqualTo(128 + 15);
        assertThat(read(output)).contains("asked to end process=role").contains("graceful");
    }

    /** The port is a free one, so it cannot be known otherwise. */
    @Test
    void logsWhereItServesHttp(@TempDir Path folder) throws Exception {
        Path output = folder.resolve("out");
        Process process = start(output, false, "idle");
        Matcher address =
                Pattern.compile("serves http address=127\\.0\\.0\\.1:(\\d+)").matcher(read(output));
        assertThat(address.find()).as(read(output)).isTrue();
        assertThat(new HttpProbe(Integer.parseInt(address.group(1))).get("/health"))
                .startsWith("200 ");
        process.destroy();
        exitCode(process);
    }

    @Test
    void endsWithItsLauncherWhenSupervised(@TempDir Path folder) throws Exception {
        Path output = folder.resolve("out");
        Process process = start(output, true, "idle");
        process.getOutputStream().close();
        assertThat(exitCode(process)).isZero();
        assertThat(read(output)).contains("launcher gone").contains("graceful");
    }

    @Test
    void isHaltedWhenItDoesNotEndWithItsLauncher(@TempDir Path folder) throws Exception {
        Path output = folder.resolve("out");
        Process process = start(output, true, "deaf");
        process.getOutputStream().close();
        assertThat(exitCode(process)).isEqualTo(ExitCode.ORPHANED.code());
        assertThat(read(output)).contains("graceful");
    }

    @Test
    void logsToTheGivenFile(@TempDir Path folder) throws Exception {
        Path log = folder.resolve("role.log");
        Path output = folder.resolve("out");
        exitCode(start(output, false, "-Dcohort.log.file=" + log, "broken-node"));
        assertThat(read(log)).containsPattern("(?m)^\\d\\d:\\d\\d:\\d\\d\\.\\d{3} ERROR RoleProcess node failed");
        assertThat(read(output)).doesNotContain("ERROR");
    }
}
