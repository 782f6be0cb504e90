package dev.cohort.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A second coordinator leads while the first one is silent, and no outcome changes. */
@Tag("slow")
class TakeoverTest {
    private static final String[] ONE = {"--set", "method.name=one", "--steps", "400"};

    @TempDir
    private Path folder = Path.of("");

    @RegisterExtension
    private final Shell shell = new Shell(() -> folder);

    @Test
    void aStandbyLeadsWhileTheCoordinatorIsFrozenAndAZombieChangesNothing() {
        Ended undisturbed = shell.run(TinyRun.words(shell, TinyImages.IDX, ONE)).well();
        Started run = shell.start(TinyRun.words(shell, TinyImages.IDX, ONE));
        shell.await("a second run", () -> RunFolder.in(shell.runs()).size() == 2);
        RunFolder directory = RunFolder.in(shell.runs()).get(1);
        try (LogWatch log = LogWatch.follow(shell, directory.broker(), directory.id())) {
            Started standby = shell.start(
                    "coordinator",
                    "--standby",
                    "--run",
                    directory.id(),
                    "--bootstrap",
                    directory.broker().bootstrap());
            log.awaitStep(3);
            long leader = directory.process("coordinator").path("pid").asLong();
            assertThat(log.coordinator()).isEqualTo("coordinator");

            Started.signal(leader, "STOP");
            shell.await("an outcome of the standby", () -> log.coordinator().equals("standby"));
            log.awaitSteps(20);
            Started.signal(leader, "CONT");
            log.awaitSteps(20);

            shell.end(run).well();
            shell.end(standby).well();
        }
        JsonNode result = shell.end(run).well().json();
        assertThat(shell.end(run).weights()).isEqualTo(undisturbed.weights());
        assertThat(result.path("fingerprints")).isEqualTo(undisturbed.json().path("fingerprints"));
        assertThat(result.path("outcomes").path("targets").asInt()).isEqualTo(400);
        shell.run("verify", directory.id()).well();
        assertThat(directory.process("coordinator").path("starts").asInt())
                .as("starts of the frozen coordinator")
                .isEqualTo(1);
    }
}
