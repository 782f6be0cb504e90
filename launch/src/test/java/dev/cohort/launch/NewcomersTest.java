package dev.cohort.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cohort.launch.Newcomers.Newcomer;
import dev.cohort.protocol.PeerId;
import dev.cohort.runtime.CommandException;
import java.io.IOException;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NewcomersTest {
    private static final Newcomer FIRST = new Newcomer(new PeerId("n1"), "resnet8", 1);
    private static final Newcomer SECOND = new Newcomer(new PeerId("n2"), "resnet14", 3);

    @TempDir
    private Path folder = Path.of("");

    private RunDirectory directory() {
        return RunDirectory.createAt(folder.resolve("run"), "scaled", LocalDateTime.of(2026, 1, 1, 0, 0));
    }

    @Test
    void areNoneWithoutAFile() {
        try (RunDirectory directory = directory()) {
            assertThat(Newcomers.of(directory).peers()).isEmpty();
        }
    }

    @Test
    void areReadAsTheyWereWritten() {
        try (RunDirectory directory = directory()) {
            Newcomers.of(directory).changed(List.of(FIRST, SECOND), List.of()).write(directory);
            assertThat(Newcomers.of(directory).peers()).containsExactly(FIRST, SECOND);

            Newcomers.of(directory).changed(List.of(), List.of(FIRST.id())).write(directory);
            assertThat(Newcomers.of(directory).peers()).containsExactly(SECOND);
        }
    }

    @Test
    void nameABrokenFile() throws IOException {
        try (RunDirectory directory = directory()) {
            Files.writeString(directory.path().resolve(Newcomers.FILE), "[{");
            assertThatThrownBy(() -> Newcomers.of(directory))
                    .isInstanceOf(CommandException.class)
                    .hasMessageContaining(Newcomers.FILE);
        }
    }

    @Test
    void areChangedByOneAtATime() throws IOException {
        try (RunDirectory directory = directory();
                Newcomers.Change change = Newcomers.lock(directory)) {
            assertThat(change.before().peers()).isEmpty();
            // Another process would wait; within this one, Java refuses the lock.
            assertThatThrownBy(() -> Newcomers.lock(directory)).isInstanceOf(OverlappingFileLockException.class);
        }
    }
}
