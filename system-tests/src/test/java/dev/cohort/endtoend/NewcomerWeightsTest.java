package dev.cohort.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cohort.protocol.Left;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The weights of newcomers follow from the log, too. */
@Tag("slow")
class NewcomerWeightsTest {
    private static final int NAMED = 2;

    @TempDir
    private Path folder = Path.of("");

    @RegisterExtension
    private final Shell shell = new Shell(() -> folder);

    private Started join(RunFolder run, String peer, String... more) {
        List<String> words = new ArrayList<>(
                List.of("join", "--run", run.id(), "--bootstrap", run.broker().bootstrap(), "--peer", peer));
        words.addAll(List.of(more));
        return shell.start(words.toArray(String[]::new));
    }

    /**
     * A newcomer joins and contributes. Meanwhile a named peer is frozen: the run pauses without enough contributors, so that the
     * newcomer reaches the head however slow the machine is.
     */
    private Started joinAndContribute(RunFolder run, LogWatch log, String peer, String... more) {
        long frozen = run.process("p1").path("pid").asLong();
        Started.signal(frozen, "STOP");
        Started joined = join(run, peer, more);
        shell.await("a step with " + peer, () -> log.contributors().contains(peer));
        Started.signal(frozen, "CONT");
        shell.await("a step with p1 again", () -> log.contributors().contains("p1"));
        return joined;
    }

    /** The newcomer joins during the run, is killed, resumes from its checkpoint and is drained. */
    private void comeAndGo(RunFolder run, LogWatch log) {
        Started guest = joinAndContribute(run, log, "guest");
        log.awaitSteps(5);
        guest.process().destroyForcibly();
        Started again = join(run, "guest");
        log.awaitSteps(5);
        shell.run("drain", "guest").well();
        shell.end(again).well();
    }

    private static Left.Result left(LogWatch log, String peer) {
        return Optional.ofNullable(log.left().get(peer)).flatMap(Left::result).orElseThrow();
    }

    private JsonNode verify(int code) {
        Ended verified = shell.run("verify", "--weights", "--format", "json", "--quiet");
        assertThat(verified.code()).as(verified.toString()).isEqualTo(code);
        return verified.json();
    }

    private static Optional<JsonNode> weights(JsonNode verified, String peer) {
        for (JsonNode one : verified.path("weights")) {
            if (one.path("peer").asText().equals(peer)) {
                return Optional.of(one);
            }
        }
        return Optional.empty();
    }

    @Test
    void followFromTheLogAndOtherOnesAreFound() throws IOException {
        Started run = shell.start(TinyRun.words(
                shell,
                TinyImages.IDX,
                "--steps",
                "1000000",
                "--set",
                "record.checkpoint_steps=2",
                "--set",
                "elastic.max=4",
                "--set",
                "mix.kind=cutmix_per_peer"));
        RunFolder directory = RunFolder.await(shell);
        Left.Result guest;
        Left.Result late;
        try (LogWatch log = LogWatch.follow(shell)) {
            log.awaitSteps(3);
            Started fromTheBeginning =
                    joinAndContribute(directory, log, "late", "--from", "beginning", "--model", "resnet14");
            comeAndGo(directory, log);
            shell.run("stop").well();
            shell.end(fromTheBeginning).well();
            shell.end(run).well();
            guest = left(log, "guest");
            late = left(log, "late");
        }
        assertThat(guest.firstStep()).isGreaterThan(3);
        assertThat(late.firstStep()).isEqualTo(1);

        JsonNode clean = verify(0);
        assertThat(clean.path("weights"))
                .hasSize(NAMED + 2)
                .allSatisfy(w -> assertThat(w.path("equal").asBoolean()).isTrue());
        assertThat(weights(clean, "guest").orElseThrow().path("again").asText())
                .isEqualTo(guest.weights().hex());

        SegmentFile.that(directory, "members", "guest")
                .changeOneBitOf(guest.weights().toBytes());
        JsonNode changed = verify(1);
        assertThat(weights(changed, "guest").orElseThrow().path("equal").asBoolean(true))
                .isFalse();
        assertThat(weights(changed, "guest").orElseThrow().path("again").asText())
                .isEqualTo(guest.weights().hex());
        assertThat(weights(changed, "late").orElseThrow().path("equal").asBoolean())
                .isTrue();
    }
}
