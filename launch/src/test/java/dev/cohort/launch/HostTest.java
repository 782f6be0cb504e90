package dev.cohort.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cohort.runtime.CommandException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostTest {
    @TempDir
    private Path root = Path.of("");

    private Host host = Host.current();

    @BeforeEach
    void aMachineOfEightGibibytes() throws IOException {
        host = new Host(root);
        put("proc/meminfo", "MemTotal:        8388608 kB\nMemFree:         1234 kB\n");
        put("proc/vmstat", "pgfault 12\noom_kill 3\n");
    }

    @Test
    void hasTheMemoryOfTheMachineWithoutACgroup() {
        assertThat(host.memory()).hasValue(new Host.Memory(8L << 30, "the memory of this machine"));
        assertThat(host.killsForMemory()).hasValue(3);
    }

    @Test
    void hasTheMemoryOfTheNarrowestCgroupAroundIt() throws IOException {
        put("proc/self/cgroup", "0::/user/job\n");
        put("sys/fs/cgroup/user/job/memory.max", "max\n");
        put("sys/fs/cgroup/user/job/memory.events", "low 0\noom 5\noom_kill 7\n");
        put("sys/fs/cgroup/user/memory.max", "734003200\n");
        assertThat(host.memory())
                .hasValue(new Host.Memory(
                        700L << 20,
                        root.resolve("sys/fs/cgroup/user/memory.max").toString()));
        assertThat(host.killsForMemory()).hasValue(7);
    }

    @Test
    void readsTheFirstVersionOfCgroupsToo() throws IOException {
        put("proc/self/cgroup", "5:cpu,memory:/job\n1:name=systemd:/\n0::/\n");
        put("sys/fs/cgroup/memory/job/memory.limit_in_bytes", "9223372036854771712\n");
        put("sys/fs/cgroup/memory/job/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 9\n");
        put("sys/fs/cgroup/memory/memory.limit_in_bytes", "1048576\n");
        assertThat(host.memory().map(Host.Memory::bytesMax)).hasValue(1L << 20);
        assertThat(host.killsForMemory()).hasValue(9);
    }

    @Test
    void readsTheLimitOfAContainerWhoseOuterPathIsHidden() throws IOException {
        put("proc/self/cgroup", "0::/../outside/pod\n4:memory:/docker/0123\n");
        put("sys/fs/cgroup/memory/memory.limit_in_bytes", "2097152\n");
        assertThat(host.memory().map(Host.Memory::bytesMax)).hasValue(2L << 20);
    }

    @Test
    void isEmptyWhereTheSystemReportsNothing() {
        Host elsewhere = new Host(root.resolve("elsewhere"));
        assertThat(elsewhere.memory()).isEmpty();
        assertThat(elsewhere.killsForMemory()).isEmpty();
    }

    @Test
    void measuresTheFreeSpaceOfFoldersThatDoNotExistYet() throws IOException {
        assertThat(Host.freeBytes(root.resolve("a/b/c"))).isPositive();
    }

    private void put(String file, String content) throws IOException {
        Path whole = root.resolve(file);
        Files.createDirectories(whole.resolveSibling(""));
        Files.writeString(whole, content);
    }

    @Test
    void refusesARunThatMayOpenTooFewFiles() {
        Host.requireOpenFiles(OptionalLong.of(1024), 16);
        Host.requireOpenFiles(OptionalLong.empty(), 16);
        assertThatThrownBy(() -> Host.requireOpenFiles(OptionalLong.of(200), 2))
                .isInstanceOf(CommandException.class)
                .hasMessageContaining("ulimit -n 200: a run of 2 peers may have 256 files open");
        assertThat(host.openFilesMax()).isPresent();
    }
}
