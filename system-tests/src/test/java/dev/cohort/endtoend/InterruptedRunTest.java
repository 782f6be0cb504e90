package dev.cohort.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cohort.runtime.kafka.KafkaAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Processes that die in the middle of a run: the run ends well, and with {@code on_loss: hold} with the weights and fingerprints
 * of an undisturbed one.
 */
@Tag("slow")
class InterruptedRunTest {
    /** Steps before a process is killed; many more follow. */
    private static final int MIDDLE = TinyRun.STEPS / 4;

    /** Enough for a peer to come back before the others are done. */
    private static final int STEPS_WITH_A_GAP = 3 * TinyRun.STEPS;

    @RegisterExtension
    private static final Undisturbed UNDISTURBED = new Undisturbed();

    @TempDir
    private Path folder = Path.of("");

    @RegisterExtension
    private final Shell shell = new Shell(() -> folder);

    /** Starts the same run as {@link #UNDISTURBED}, and waits until it is in its middle. */
    private Started startAndAwaitMiddle(String... more) {
        Started run = shell.start(TinyRun.words(shell, TinyImages.IDX, more));
        try (LogWatch log = LogWatch.follow(shell)) {
            log.awaitStep(MIDDLE);
        }
        return run;
    }

    private void assertUndisturbedEnd(Ended run) {
        run.well();
        assertThat(run.json().path("steps").asInt()).isEqualTo(TinyRun.STEPS);
        assertThat(run.json().path("outcomes").path("targets").asInt()).isEqualTo(TinyRun.STEPS);
        assertThat(run.weights()).isEqualTo(UNDISTURBED.weights());
        assertThat(run.json().path("fingerprints")).isEqualTo(UNDISTURBED.fingerprints());
    }

    @Test
    void equalRunsAtTheSameTimeEndEqualInDirectoriesOfTheirOwn() {
        assertThat(UNDISTURBED.directories()).hasSize(2).doesNotHaveDuplicates();
        Ended second = UNDISTURBED.second();
        assertThat(second.json().path("run"))
                .isNotEqualTo(UNDISTURBED.first().json().path("run"));
        assertUndisturbedEnd(second);
    }

    @ParameterizedTest
    @CsvSource({"p1, augmenter", "coordinator, broker"})
    void killedProcessesAreStartedAgainAndChangeNoWeight(String first, String second) {
        Started run = startAndAwaitMiddle();
        RunFolder directory = RunFolder.await(shell);
        KafkaAddress broker = directory.broker();
        assertStartedAgain(directory.kill(shell, first));
        try (LogWatch log = LogWatch.follow(shell)) {
            log.awaitStep(MIDDLE + 5);
        }
        assertStartedAgain(directory.kill(shell, second));
        assertUndisturbedEnd(shell.end(run));
        for (String victim : List.of(first, second)) {
            assertThat(directory.process(victim).path("starts").asInt()).isEqualTo(2);
        }
        assertThat(directory.broker()).as("the broker keeps its port").isEqualTo(broker);
        shell.awaitNoProcess();
    }

    @Test
    void aPeerKilledBetweenEpochsResumesFromItsCheckpoint() throws IOException {
        Started run = startAndAwaitMiddle("--set", "record.checkpoint_steps=3");
        RunFolder directory = RunFolder.await(shell);
        assertStartedAgain(directory.kill(shell, "p1"));
        assertUndisturbedEnd(shell.end(run));
        assertThat(Files.readAllLines(directory.path().resolve("processes/p1.log")))
                .as("batches and outcomes are not read from the beginning")
                .filteredOn(line -> line.contains("continues from a checkpoint peer=p1"))
                .singleElement()
                .asString()
                .containsPattern("step=\\d+ log=batches-0=[1-9]\\d* outcomes-0=[1-9]\\d*");
    }

    private static void assertStartedAgain(JsonNode process) {
        assertThat(process.path("starts").asInt()).isEqualTo(2);
        assertThat(process.path("last_exit").asText()).isEqualTo("killed by signal 9");
    }

    @Test
    void continuesWithoutALostPeerWhichStillReachesTheEnd() {
        Started run = startAndAwaitMiddle(
                "--peers",
                "3",
                "--set",
                "pace.on_loss=drop",
                "--set",
                "pace.gone_after_ms=1000",
                "--steps",
                Integer.toString(STEPS_WITH_A_GAP));
        try (LogWatch log = LogWatch.follow(shell)) {
            log.awaitStep(MIDDLE);
            RunFolder.await(shell).kill(shell, "p2");
            shell.await("a step without p2", () -> !log.contributors().contains("p2"));
        }
        JsonNode result = shell.end(run).well().json();
        assertThat(result.path("outcomes").path("targets").asInt()).isEqualTo(STEPS_WITH_A_GAP);
        assertThat(result.path("peers"))
                .hasSize(3)
                .allSatisfy(p -> assertThat(p.path("steps_trained").asInt()).isEqualTo(STEPS_WITH_A_GAP));
    }

    @Test
    void endsAllProcessesAtCtrlCAndResumesFromThere() throws IOException {
        assumeFalse(ignoresCtrlC(), "the processes of this test ignore Ctrl-C");
        Started run = startAndAwaitMiddle();
        run.interrupt();
        Ended stopped = shell.end(run);
        assertThat(stopped.code()).as(stopped.toString()).isEqualTo(130);
        assertThat(stopped.out()).isEmpty();
        assertThat(stopped.err()).contains("cohort run --resume").doesNotContain("\tat ");
        assertThat(shell.survivors()).isEmpty();
        assertUndisturbedEnd(shell.run("run", "--resume", "--format", "json", "--quiet"));
    }

    @Test
    void leavesNoProcessBehindWhenItsLauncherIsKilledAndResumesFromThere() {
        Started run = startAndAwaitMiddle();
        List<ProcessHandle> children = shell.survivors();
        assertThat(children)
                .as("launcher, broker, augmenter, coordinator, two peers")
                .hasSize(6);
        run.kill();
        shell.awaitNoProcess();
        assertUndisturbedEnd(shell.run("run", "--resume", "--format", "json", "--quiet"));
    }

    @Test
    void resumesTheTrainingOfItsTeacher() {
        Started run = shell.start(TinyRun.words(
                shell, TinyImages.IDX, "--set", "method.name=kd", "--set", "method.teacher_model=resnet8"));
        RunFolder directory = RunFolder.await(shell);
        RunFolder teacher = new RunFolder(directory.path().resolve("teacher"));
        shell.await("a teacher that is trained", () -> teacher.has("processes/teacher1.json"));
        run.kill();
        shell.awaitNoProcess();
        assertThat(directory.has("processes/p1.json")).as("students wait").isFalse();
        Ended resumed =
                shell.run("run", "--resume", "--format", "json", "--quiet").well();
        JsonNode trained = resumed.json().path("trained_teacher");
        assertThat(trained.path("steps").asInt()).isEqualTo(10);
        assertThat(trained.path("networks")).hasSize(1);
        assertThat(trained.path("networks").get(0).path("model").asText()).isEqualTo("resnet8");
        assertThat(resumed.json().path("steps").asInt()).isEqualTo(TinyRun.STEPS);
        assertThat(resumed.json().path("outcomes").path("targets").asInt()).isEqualTo(TinyRun.STEPS);
    }

    @Test
    void resumesARunWhoseLauncherWasKilledBeforeTheFirstRecord() {
        Started run = shell.start(TinyRun.words(shell, TinyImages.IDX));
        RunFolder directory = RunFolder.await(shell);
        shell.await("a broker that starts", () -> directory.has("processes/broker.json"));
        run.kill();
        shell.awaitNoProcess();
        assertUndisturbedEnd(shell.run("run", "--resume", "--format", "json", "--quiet"));
    }

    /** A shell without job control makes background processes ignore Ctrl-C, which no program can undo. */
    private static boolean ignoresCtrlC() throws IOException {
        Path status = Path.of("/proc/self/status");
        if (!Files.exists(status)) {
            return false;
        }
        String ignored = Files.readAllLines(status).stream()
                .filter(l -> l.startsWith("SigIgn:"))
                .map(l -> l.substring("SigIgn:".length()).strip())
                .findFirst()
                .orElse("0");
        long sigint = 1 << 1;
        return (Long.parseUnsignedLong(ignored, 16) & sigint) != 0;
    }
}
