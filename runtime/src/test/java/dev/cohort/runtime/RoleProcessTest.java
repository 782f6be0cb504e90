package dev.cohort.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class RoleProcessTest {
    @Test
    void closesTheNewestResourceFirstAndTheBrokenOnesToo() {
        List<String> closed = new CopyOnWriteArrayList<>();
        RoleProcess process = RoleProcess.start("test");
        process.closeAtEnd(() -> closed.add("first"));
        process.closeAtEnd(() -> {
            throw new IllegalStateException("cannot close");
        });
        process.closeAtEnd(() -> closed.add("last"));
        process.exit(ExitCode.FAILED);
        process.exit(ExitCode.OK);
        assertThat(process.await()).isEqualTo(ExitCode.FAILED);
        assertThat(closed).containsExactly("last", "first");
    }

    @Test
    void endsWithTheCodeOfAFault() {
        RoleProcess process = RoleProcess.start("test");
        process.fatal(ExitCode.UNAVAILABLE, "cannot append", new IllegalStateException("not allowed"));
        assertThat(process.await()).isEqualTo(ExitCode.UNAVAILABLE);
    }

    @Test
    void countsABlockedEventLoop() {
        try (RoleProcess process = RoleProcess.start("test")) {
            process.vertx().runOnContext(ignored -> {
                while (process.eventLoopBlocks() == 0) {
                    LockSupport.parkNanos(1_000_000);
                }
            });
            Eventually.until("the block is noticed", () -> process.eventLoopBlocks() > 0);
        }
    }
}
