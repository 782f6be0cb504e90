package dev.cohort.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.protocol.Snapshot;
import dev.cohort.protocol.Topic;
import dev.cohort.runtime.Delivery;
import dev.cohort.runtime.kafka.From;
import dev.cohort.runtime.kafka.RunLog;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A killed coordinator resumes from a snapshot of its teacher, which changes no outcome and no weight. */
@Tag("slow")
class RecoveryTest {
    private static final String[] ONE = {"--set", "method.name=one", "--steps", "60", "--set", "record.snapshot_steps=3"
    };

    @TempDir
    private Path folder = Path.of("");

    @RegisterExtension
    private final Shell shell = new Shell(() -> folder);

    @Test
    void resumesFromTheNewestSnapshotThatTheLogConfirms() throws IOException {
        Ended undisturbed = shell.run(TinyRun.words(shell, TinyImages.IDX, ONE)).well();
        Started run = shell.start(TinyRun.words(shell, TinyImages.IDX, ONE));
        shell.await("a second run", () -> RunFolder.in(shell.runs()).size() == 2);
        RunFolder directory = RunFolder.in(shell.runs()).get(1);
        long lieStep;
        try (LogWatch log = LogWatch.follow(shell, directory.broker(), directory.id())) {
            log.awaitStep(12);
            // No outcome is proposed while it is frozen, so the false snapshot is the newest one at its restart.
            Started.signal(directory.process("coordinator").path("pid").asLong(), "STOP");
            lieStep = lie(directory);
            directory.kill(shell, "coordinator");
        }

        Ended ended = shell.end(run).well();

        assertThat(ended.weights()).isEqualTo(undisturbed.weights());
        assertThat(ended.json().path("fingerprints"))
                .isEqualTo(undisturbed.json().path("fingerprints"));
        assertThat(ended.json().path("outcomes").path("targets").asInt()).isEqualTo(60);
        List<String> lines = Files.readAllLines(directory.path().resolve("processes/coordinator.log"));
        assertThat(lines)
                .filteredOn(line -> line.contains("skips a snapshot of the teacher: step " + lieStep))
                .singleElement()
                .asString()
                .contains("was computed from");
        assertThat(lines)
                .filteredOn(line -> line.contains("continues from a snapshot of the teacher"))
                .singleElement()
                .asString()
                .containsPattern("step=\\d+ .*log=batches-0=[1-9]\\d* predictions-\\d+=[1-9]\\d* ");
        shell.run("verify", directory.id()).well();
    }

    /** Appends the newest snapshot with other parameters, as after an outcome that did not win; returns its step. */
    private long lie(RunFolder directory) {
        try (RunLog log = RunLog.connect(directory.broker(), directory.id(), "forger", (code, what, cause) -> {
            throw new AssertionError(what, cause);
        })) {
            SortedMap<Long, Snapshot> snapshots = new ConcurrentSkipListMap<>();
            log.follow(
                    Set.of(Topic.SNAPSHOTS),
                    OptionalInt.empty(),
                    From.BEGINNING,
                    delivery -> take(delivery, snapshots));
            shell.await("three snapshots", () -> snapshots.size() >= 3);
            Snapshot newest =
                    Optional.ofNullable(snapshots.get(snapshots.lastKey())).orElseThrow();
            NamedTensors other = zeros(newest.state());
            log.append(List.of(new Snapshot(
                    newest.step(),
                    other,
                    other.digest(),
                    newest.lastVotes(),
                    newest.latestStarts(),
                    newest.skipped(),
                    newest.positions())));
            assertThat(log.flush(Duration.ofSeconds(10))).isTrue();
            return newest.step();
        }
    }

    private static boolean take(Delivery delivery, SortedMap<Long, Snapshot> snapshots) {
        if (delivery.message() instanceof Snapshot snapshot) {
            snapshots.put(snapshot.step(), snapshot);
        }
        return true;
    }

    private static NamedTensors zeros(NamedTensors state) {
        SortedMap<String, Tensor> zeros = new TreeMap<>(state.asMap());
        zeros.replaceAll((name, tensor) -> Tensor.of(
                tensor.dtype(), new double[tensor.size()], tensor.shape().toArray()));
        return NamedTensors.of(zeros);
    }
}
