package dev.cohort.peer.external;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SocketFolderTest {
    @Test
    void isForThisUserAloneAndGoneAtTheEnd(@TempDir Path parent) throws IOException {
        Path socket;
        try (SocketFolder folder = SocketFolder.listen(parent)) {
            socket = folder.socket();
            assertThat(socket).exists();
            assertThat(Files.getPosixFilePermissions(socket.getParent()))
                    .containsExactlyInAnyOrder(
                            PosixFilePermission.OWNER_READ,
                            PosixFilePermission.OWNER_WRITE,
                            PosixFilePermission.OWNER_EXECUTE);
            assertThat(folder.accept(Duration.ofMillis(1), () -> true)).isEmpty();
        }
        assertThat(socket.getParent()).doesNotExist();
    }

    @Test
    void aLongPathIsReplacedByAShortOne(@TempDir Path parent) throws IOException {
        Path deep = Files.createDirectories(parent.resolve("a".repeat(100)));
        try (SocketFolder folder = SocketFolder.listen(deep)) {
            assertThat(folder.socket().toString().length()).isLessThan(104);
            assertThat(deep).isEmptyDirectory();
        }
    }
}
