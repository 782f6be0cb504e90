package dev.cohort.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cohort.runtime.ExitCode;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Peers that join and leave during a run. */
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

    private Started join(RunFolder run) {
        return shell.start(
                "join", "--run", run.id(), "--bootstrap", run.broker().bootstrap(), "--peer", "guest");
    }

    private void assertSaysWhoIsThereSinceWhenAndWhy(RunFolder run) {
        JsonNode peers = shell.run("peers", "--format", "json").well().json();
        assertThat(peers.path("run").asText()).isEqualTo(run.id());
        assertThat(peer(peers, "guest").orElseThrow().path("contributes").asBoolean())
                .isTrue();
        assertThat(peer(peers, "guest").orElseThrow().path("model").asText()).isEqualTo("resnet8");
        JsonNode live = peer(peers, "p1").orElseThrow();
        assertThat(live.path("standing").asText()).isEqualTo("live");
        assertThat(live.path("why").asText()).isEqualTo("joined");
        assertThat(Instant.parse(live.path("since").asText())).isBefore(Instant.now());
        assertThat(shell.run("peers").well().out()).contains("p1", "p2", "guest", "standing", "since", "why");
    }

    private void assertSaysWhatEachIsWorth(LogWatch log) {
        log.awaitSteps(3);
        JsonNode worth = shell.run("peers", "--value", "--window-steps", "2", "--format", "json")
                .well()
                .json();
        assertThat(worth.path("steps").asInt()).isEqualTo(2);
        assertThat(worth.path("to_step").asLong() - worth.path("from_step").asLong())
                .isEqualTo(1);
        assertThat(worth.path("from_step").asLong()).as("the end of the log").isGreaterThan(3);
        assertThat(peer(worth, "p1").orElseThrow().path("nll").path("without").asDouble())
                .isPositive();
        assertThat(worth.path("advice").asText()).contains("No advice");
        assertThat(shell.run("peers", "--value").well().out()).contains("alone", "without", "worth");
    }

    private void drain(RunFolder run, LogWatch log, Started guest) {
        assertThat(shell.run("drain", "guest").well().out()).contains("guest", run.id());
        shell.end(guest).well();
        shell.await("a step without the guest", () -> !log.contributors().contains("guest"));
        JsonNode without = shell.run("peers", "--format", "json").well().json();
        assertThat(peer(without, "guest").orElseThrow().path("standing").asText())
                .isEqualTo("left");
        Ended unknown = shell.run("drain", "nobody");
        assertThat(unknown.code()).as(unknown.toString()).isEqualTo(ExitCode.USAGE.code());
    }

    @Test
    void aGuestJoinsContributesAndIsDrainedAndTheRunEndsWhenItIsAskedTo() {
        Started run = shell.start(TinyRun.words(shell, TinyImages.IDX, "--steps", "1000000"));
        try (LogWatch log = LogWatch.follow(shell)) {
            log.awaitSteps(3);
            RunFolder directory = RunFolder.await(shell);
            Started guest = join(directory);
            shell.await("a step with the guest", () -> log.contributors().contains("guest"));
            assertSaysWhoIsThereSinceWhenAndWhy(directory);
            assertSaysWhatEachIsWorth(log);
            drain(directory, log, guest);

            // The drain applied to the previous start of the guest, not to this one; SIGTERM has the effect of a drain.
            Started again = join(directory);
            shell.await("a step with the guest again", () -> log.contributors().contains("guest"));
            again.process().toHandle().destroy();
            shell.end(again);
            shell.await(
                    "a step without the guest again", () -> !log.contributors().contains("guest"));
            log.awaitSteps(3);
            assertThat(log.left().get("guest"))
                    .satisfies(l ->
                            assertThat(l == null ? "" : l.reason()).isEqualTo("drained: its process was asked to end"));

            assertThat(shell.run("stop").well().out()).contains(directory.id());
        }
        JsonNode result = shell.end(run).well().json();
        assertThat(peer(result, "p1").orElseThrow().path("steps_trained").asLong())
                .isEqualTo(result.path("steps").asLong());
        shell.awaitNoProcess();
        assertTimelineShowsTheGuest();
        Ended late = shell.run("peers");
        assertThat(late.code()).as(late.toString()).isEqualTo(69);
        assertThat(late.err())
                .contains("the run is over", "cohort run --resume")
                .doesNotContain("\tat ");
    }

    private void assertTimelineShowsTheGuest() {
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
