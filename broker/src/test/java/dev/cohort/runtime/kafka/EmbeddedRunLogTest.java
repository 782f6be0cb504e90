package dev.cohort.runtime.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cohort.protocol.Message;
import dev.cohort.protocol.Topic;
import dev.cohort.runtime.RecordedLog;
import dev.cohort.runtime.Samples;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The contract with the embedded broker, which is killed for an outage. */
@NullUnmarked // JUnit fills the fields.
class EmbeddedRunLogTest extends RunLogContract {
    @TempDir
    static Path folder;

    private static BrokerProcess broker;

    @BeforeAll
    static void startBroker() throws IOException {
        broker = BrokerProcess.start(folder);
    }

    @AfterAll
    static void stopBroker() {
        broker.close();
    }

    @Override
    KafkaAddress address() {
        return broker.address();
    }

    @Override
    void outage(Runnable meanwhile) throws Exception {
        broker.kill();
        try {
            meanwhile.run();
        } finally {
            broker.restart();
        }
    }

    /** Four record batches with one command each. */
    private static List<Message> commands() {
        return List.of(Samples.command(1), Samples.command(2), Samples.command(3), Samples.command(4));
    }

    /** Appends the commands, each in its own record batch, and returns a copy of the broker's log. */
    private Path copiedLog(Path copies) throws IOException {
        RunLog writer = connect("writer");
        for (Message command : commands()) {
            writer.append(List.of(command));
            assertThat(writer.flush(Duration.ofSeconds(30))).isTrue();
        }
        Path partition = Path.of(TopicPlan.topicName(runId(), Topic.CONTROL) + "-0");
        Path run = Path.of(TopicPlan.topicName(runId(), Topic.RUN) + "-0");
        for (Path each : List.of(partition, run)) {
            Path copy = Files.createDirectories(copies.resolve(each));
            try (Stream<Path> files = Files.list(new BrokerFolder(folder).log().resolve(each))) {
                for (Path file :
                        files.filter(f -> f.toString().endsWith(".log")).toList()) {
                    Files.copy(file, copy.resolve(file.getFileName()));
                }
            }
        }
        return copies;
    }

    private Path controlFile(Path log) {
        return log.resolve(TopicPlan.topicName(runId(), Topic.CONTROL) + "-0/00000000000000000000.log");
    }

    private static List<String> texts(List<RecordedLog.Entry> entries) {
        return entries.stream()
                .map(e ->
                        e instanceof RecordedLog.Said record ? record.message().toString() : e.place())
                .toList();
    }

    private List<RecordedLog.Entry> control(Path log) {
        return Recorder.entries(SegmentLog.open(log, runId()).read(Topic.CONTROL, 0));
    }

    @Test
    void isReadFromItsFilesWithoutABroker(@TempDir Path copies) throws IOException {
        Path log = copiedLog(copies);

        List<RecordedLog.Entry> entries = control(log);

        assertThat(texts(entries))
                .containsExactlyElementsOf(
                        commands().stream().map(Object::toString).toList());
        assertThat(entries).allSatisfy(e -> {
            RecordedLog.Said record = (RecordedLog.Said) e;
            assertThat(record.sender()).isEqualTo("writer");
            assertThat(record.appendedMs()).isCloseTo(System.currentTimeMillis(), Offset.offset(60_000L));
        });
        assertThatThrownBy(() -> SegmentLog.open(log, "another")).hasMessageContaining("cohort.another.run");
    }

    @Test
    void namesADamagedRecordBatchAndReadsTheOthers(@TempDir Path copies) throws IOException {
        Path log = copiedLog(copies);
        byte[] bytes = Files.readAllBytes(controlFile(log));
        bytes[bytes.length / 4 + 70] ^= 4; // in the second of four equal record batches, after its header
        Files.write(controlFile(log), bytes);

        assertThat(texts(control(log)))
                .containsExactly(
                        commands().get(0).toString(),
                        "control-0 offsets 1 to 1",
                        commands().get(2).toString(),
                        commands().get(3).toString());
    }

    @Test
    void namesWhereAnIncompleteFileEnds(@TempDir Path copies) throws IOException {
        Path log = copiedLog(copies);
        byte[] bytes = Files.readAllBytes(controlFile(log));
        Files.write(controlFile(log), Arrays.copyOf(bytes, bytes.length - 5));

        assertThat(texts(control(log)))
                .containsExactly(
                        commands().get(0).toString(),
                        commands().get(1).toString(),
                        commands().get(2).toString(),
                        "control-0 offsets 3 to the end");
    }

    @Test
    void continuesAfterARecordBatchWithADamagedLength(@TempDir Path copies) throws IOException {
        Path log = copiedLog(copies);
        byte[] bytes = Files.readAllBytes(controlFile(log));
        bytes[bytes.length / 2 + 8] = -1; // the length of the third record batch
        Files.write(controlFile(log), bytes);

        assertThat(texts(control(log)))
                .containsExactly(
                        commands().get(0).toString(),
                        commands().get(1).toString(),
                        "control-0 offsets 2 to 2",
                        commands().get(3).toString());
    }

    @Test
    void isReadUnchangedWhileTheBrokerWrites() throws Exception {
        RunLog writer = connect("writer");
        Path log = new BrokerFolder(folder).log();
        int commands = 2_000;
        Thread writing = new Thread(() -> {
            for (int i = 0; i < commands; i++) {
                writer.append(List.of(Samples.command(i)));
                if (i % 20 == 0) {
                    writer.flush(Duration.ofSeconds(30));
                }
            }
        });
        writing.start();
        long bytesBefore = 0;
        long readBefore = 0;
        long readings = 0;
        while (writing.isAlive()) {
            List<RecordedLog.Entry> entries = control(log);
            assertThat(entries)
                    .allSatisfy(
                            e -> assertThat(((RecordedLog.Said) e).message()).isEqualTo(Samples.command(e.offset())));
            assertThat(entries.size()).as("nothing is lost").isGreaterThanOrEqualTo((int) readBefore);
            assertThat(Files.size(controlFile(log))).as("nothing is cut").isGreaterThanOrEqualTo(bytesBefore);
            readings += entries.size() > readBefore ? 1 : 0;
            bytesBefore = Files.size(controlFile(log));
            readBefore = entries.size();
        }
        writing.join();
        assertThat(writer.flush(Duration.ofSeconds(30))).isTrue();
        assertThat(readings).as("readings of a log that grew").isGreaterThan(1);
        try (RecordedLog served = ConsumedLog.open(address(), runId())) {
            assertThat(Recorder.messages(served.read(Topic.CONTROL, 0))).hasSize(commands);
        }
        assertThat(control(log)).hasSize(commands);
    }
}
