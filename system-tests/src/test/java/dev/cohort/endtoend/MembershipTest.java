package dev.cohort.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Who comes and goes while a run goes on. */
@Tag("slow")
class MembershipTest {
    @TempDir
    private Path folder = Path.of("");

    @RegisterExtension
    private final Shell shell = new Shell(() -> folder);

    private static Optional<JsonNode> peer(JsonNode peers, String id) {
        return StreamSupport.stream(peers.path("peers").spliterator(), false)
                .filter(p -> p.path("id").asText().equals(id))
                .findFirst();
    }

    @Test
    void aGuestJoinsContributesAndIsDrainedAndTheRunEndsWhenItIsAskedTo() {
        Started run = shell.start(TinyRun.words(shell, TinyImages.IDX, "--steps", "1000000"));
        try (LogWatch log = LogWatch.follow(shell)) {
            log.awaitSteps(3);
            RunFolder directory = RunFolder.await(shell);
            Started guest = shell.start(
                    "join",
                    "--run",
                    directory.id(),
                    "--bootstrap",
                    directory.broker().bootstrap(),
                    "--peer",
                    "guest");
            shell.await("a step with the guest", () -> log.contributors().contains("guest"));

            JsonNode peers = shell.run("peers", "--format", "json").well().json();
            assertThat(peers.path("run").asText()).isEqualTo(directory.id());
            assertThat(peer(peers, "guest").orElseThrow().path("contributes").asBoolean())
                    .isTrue();
            assertThat(peer(peers, "guest").orElseThrow().path("model").asText())
                    .isEqualTo("resnet8");
            assertThat(shell.run("peers").well().out()).contains("p1", "p2", "guest");

            assertThat(shell.run("drain", "guest").well().out()).contains("guest", directory.id());
            shell.end(guest).well();
            shell.await("a step without the guest", () -> !log.contributors().contains("guest"));
            log.awaitSteps(3);
            assertThat(log.left().get("guest"))
                    .satisfies(l -> assertThat(l == null ? "" : l.reason()).startsWith("drained"));

            assertThat(shell.run("stop").well().out()).contains(directory.id());
        }
        JsonNode result = shell.end(run).well().json();
        assertThat(peer(result, "p1").orElseThrow().path("steps_trained").asLong())
                .isEqualTo(result.path("steps").asLong());
        shell.awaitNobody();
        assertTimelineTellsOfTheGuest();
        Ended late = shell.run("peers");
        assertThat(late.code()).as(late.toString()).isEqualTo(69);
        assertThat(late.err())
                .contains("the run is over", "cohort run --resume")
                .doesNotContain("\tat ");
    }

    private void assertTimelineTellsOfTheGuest() {
        Path page = folder.resolve("timeline.html");
        JsonNode timeline = shell.run("timeline", "--format", "json", "--html", page.toString())
                .well()
                .json();
        assertThat(timeline.path("changes"))
                .anySatisfy(c -> assertThat(c.path("events").toString()).contains("guest", "CONTRIBUTES"))
                .anySatisfy(c -> assertThat(c.path("events").toString()).contains("guest", "drained"));
        assertThat(page).content().contains("new Chart(", "guest contributes");
    }
}
