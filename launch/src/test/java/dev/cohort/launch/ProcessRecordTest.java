package dev.cohort.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProcessRecordTest {
    @TempDir
    private Path folder = Path.of("");

    private final ProcessHandle self = ProcessHandle.current();

    private ProcessRecord started() throws IOException {
        ProcessRecord.read(folder, "p1", "peer").started(self).write(folder);
        return ProcessRecord.read(folder, "p1", "peer");
    }

    @Test
    void findsItsProcessAgain() throws IOException {
        assertThat(started().process()).contains(self);
    }

    @Test
    void ignoresAnotherProcessWithTheSamePid() throws IOException {
        ProcessRecord mine = started();
        ProcessRecord older = new ProcessRecord(
                mine.name(), mine.role(), mine.pid(), mine.startedMs() - 60_000, mine.starts(), mine.state(), "");
        assertThat(older.process()).isEmpty();
        assertThat(new ProcessRecord("p1", "peer", self.pid(), 0, 1, ProcessRecord.RUNNING, "").process())
                .isEmpty();
    }

    @Test
    void hasNoProcessOnceItHasEnded() throws IOException {
        ProcessRecord left = started().in(ProcessRecord.LEFT, "exit 0 (ok)");
        assertThat(left.process()).isEmpty();
        assertThat(left.hasLeft()).isTrue();
    }
}
