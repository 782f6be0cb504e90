package dev.cohort.runtime.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.protocol.Limits;
import dev.cohort.protocol.Topic;
import dev.cohort.protocol.wire.MessageCodec;
import dev.cohort.runtime.RecordedLog;
import dev.cohort.runtime.Samples;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every kind of damage to segment files is reported with its offsets, and the rest is read. */
class SegmentLogTest {
    private static final String RUN = "r";
    private static final int BATCHES = 6;

    @TempDir
    private Path folder = Path.of("");

    private final MessageCodec codec = new MessageCodec(RUN, Limits.DEFAULT);

    /** Six batches of one command each: three in a first segment, three in a second one. */
    @BeforeEach
    void write() throws IOException {
        Files.createDirectories(partition(Topic.RUN));
        Files.createDirectories(partition(Topic.CONTROL));
        Files.write(segment(0), batches(0, 3));
        Files.write(segment(3), batches(3, BATCHES));
        Files.writeString(
                folder.resolve(Watermarks.FILE),
                "0\n1\n" + TopicPlan.topicName(RUN, Topic.CONTROL) + " 0 " + BATCHES + "\n");
    }

    private Path partition(Topic topic) {
        return folder.resolve(TopicPlan.topicName(RUN, topic) + "-0");
    }

    private Path segment(int firstOffset) {
        return partition(Topic.CONTROL).resolve(String.format("%020d.log", firstOffset));
    }

    private byte[] batches(int from, int to) {
        ByteBuffer all = ByteBuffer.allocate(1 << 16);
        for (int offset = from; offset < to; offset++) {
            byte[] value = codec.encode(Samples.command(offset), "test");
            all.put(MemoryRecords.withRecords(offset, Compression.NONE, new SimpleRecord(1_000, value))
                    .buffer());
        }
        return Arrays.copyOf(all.array(), all.position());
    }

    private int batchBytes() {
        return batches(0, 1).length;
    }

    private void change(int firstOffset, int at, int to) throws IOException {
        byte[] bytes = Files.readAllBytes(segment(firstOffset));
        assertThat(bytes[at]).as("a change").isNotEqualTo((byte) to);
        bytes[at] = (byte) to;
        Files.write(segment(firstOffset), bytes);
    }

    /** What is read: of each intact record its offset, of each unreadable range its place and reason. */
    private List<String> read() {
        List<String> read = new ArrayList<>();
        try (SegmentLog log = SegmentLog.open(folder, RUN);
                RecordedLog.Reading reading = log.read(Topic.CONTROL, 0)) {
            for (var entry = reading.next(); entry.isPresent(); entry = reading.next()) {
                if (entry.get() instanceof RecordedLog.Said record) {
                    assertThat(record.message()).isEqualTo(Samples.command(record.offset()));
                    read.add(Long.toString(record.offset()));
                } else if (entry.get() instanceof RecordedLog.Unreadable unreadable) {
                    read.add(unreadable.place() + ": " + unreadable.why());
                }
            }
        }
        return read;
    }

    @Test
    void readsAWholeLog() {
        assertThat(read()).containsExactly("0", "1", "2", "3", "4", "5");
    }

    @Test
    void continuesAfterAFlippedBit() throws IOException {
        change(0, 2 * batchBytes() - 3, 99);

        assertThat(read())
                .containsExactly(
                        "0",
                        "control-0 offsets 1 to 1: 00000000000000000000.log bytes " + batchBytes() + ".."
                                + (2 * batchBytes() - 1) + ": wrong CRC of a record batch",
                        "2",
                        "3",
                        "4",
                        "5");
    }

    @Test
    void continuesAfterALengthThatIncludesTheNextBatch() throws IOException {
        // The low byte of the length: the batch seems to reach into the next one.
        change(3, 11, batchBytes() + 20);

        assertThat(read())
                .hasSize(BATCHES)
                .contains("4", "5")
                .anyMatch(r -> r.startsWith("control-0 offsets 3 to 3: "));
    }

    @Test
    void continuesAfterAnInvalidLength() throws IOException {
        change(0, batchBytes() + 8, -1);

        assertThat(read())
                .hasSize(BATCHES)
                .contains("2", "3")
                .anyMatch(r -> r.startsWith("control-0 offsets 1 to 1: "));
    }

    @Test
    void continuesAfterAnotherMagic() throws IOException {
        change(0, batchBytes() + 16, 0);

        assertThat(read())
                .hasSize(BATCHES)
                .contains("2")
                .anyMatch(r -> r.contains("offsets 1 to 1") && r.contains("magic 0"));
    }

    @Test
    void rejectsAnOffsetThatContradictsItsNeighbours() throws IOException {
        change(0, batchBytes() + 7, 77); // up
        change(3, batchBytes() + 7, 1); // down

        assertThat(read())
                .hasSize(BATCHES)
                .contains("0", "2", "3", "5")
                .anyMatch(r -> r.contains("offsets 1 to 1") && r.contains("offset 77"))
                .anyMatch(r -> r.contains("offsets 4 to 4") && r.contains("offset 1"));
    }

    @Test
    void namesABatchThatIsTruncatedAtTheEnd() throws IOException {
        byte[] bytes = Files.readAllBytes(segment(3));
        Files.write(segment(3), Arrays.copyOf(bytes, bytes.length - 5));

        assertThat(read())
                .hasSize(BATCHES)
                .last()
                .asString()
                .startsWith("control-0 offsets 5 to the end: ")
                .contains("truncated");
    }

    @Test
    void namesABatchThatIsTruncatedInTheMiddle() throws IOException {
        byte[] bytes = Files.readAllBytes(segment(0));
        Files.write(segment(0), Arrays.copyOf(bytes, bytes.length - 5));

        assertThat(read()).hasSize(BATCHES).contains("3").anyMatch(r -> r.startsWith("control-0 offsets 2 to 2: "));
    }

    @Test
    void missesRecordsThatWereTruncatedCleanly() throws IOException {
        Files.write(segment(3), batches(3, 5));

        assertThat(read())
                .hasSize(BATCHES)
                .last()
                .asString()
                .startsWith("control-0 offsets 5 to 5: written according to the broker's");
    }

    @Test
    void missesDeletedSegments() throws IOException {
        Files.delete(segment(0));
        assertThat(read())
                .containsExactly("control-0 offsets 0 to 2: deleted; the log begins after them", "3", "4", "5");

        write();
        Files.delete(segment(3));
        assertThat(read())
                .hasSize(4)
                .last()
                .asString()
                .startsWith("control-0 offsets 3 to 5: written according to the broker's");
    }

    @Test
    void missesASegmentInTheMiddle() throws IOException {
        Files.write(segment(6), batches(6, 7));
        Files.delete(segment(3));

        assertThat(read()).containsExactly("0", "1", "2", "control-0 offsets 3 to 5: no segment file holds them", "6");
    }

    @Test
    void missesAPartition() throws IOException {
        Files.delete(segment(0));
        Files.delete(segment(3));
        Files.delete(partition(Topic.CONTROL));

        assertThat(read()).singleElement().asString().startsWith("control-0 offsets 0 to the end: no folder ");
        try (SegmentLog log = SegmentLog.open(folder, RUN)) {
            assertThat(log.partitions(Topic.CONTROL))
                    .as("by the broker's watermarks")
                    .isEqualTo(1);
        }
    }

    @Test
    void missesNothingWhereTheBrokerCompacts() throws IOException {
        // The broker keeps the last record of a key; earlier offsets are removed, as intended.
        Files.write(partition(Topic.RUN).resolve("00000000000000000000.log"), batches(2, 3));

        try (SegmentLog log = SegmentLog.open(folder, RUN);
                RecordedLog.Reading reading = log.read(Topic.RUN, 0)) {
            assertThat(reading.next()).get().isInstanceOf(RecordedLog.Said.class);
            assertThat(reading.next()).isEmpty();
        }
    }

    @Test
    void endsWhereTheFileEndedAndDoesNotChangeAGrowingFile() throws IOException {
        byte[] more = batches(BATCHES, BATCHES + 1);
        long bytes = Files.size(segment(3)) + more.length;
        List<RecordedLog.Entry> read = new ArrayList<>();
        try (SegmentLog log = SegmentLog.open(folder, RUN);
                RecordedLog.Reading reading = log.read(Topic.CONTROL, 0)) {
            // Before the segment is opened: readings that are created together end together.
            Files.write(segment(3), more, StandardOpenOption.APPEND);
            reading.stream().forEach(read::add);
        }

        assertThat(read).hasSize(BATCHES).allMatch(RecordedLog.Said.class::isInstance);
        assertThat(Files.size(segment(3))).isEqualTo(bytes);
    }

    @Test
    void acceptsABatchThatIsBeingWritten() throws Exception {
        byte[] more = batches(BATCHES, BATCHES + 1);
        Files.write(segment(3), Arrays.copyOf(more, 30), StandardOpenOption.APPEND);
        AtomicBoolean written = new AtomicBoolean();
        Thread broker = new Thread(() -> {
            // Bytes arrive one by one, as long as the log is read.
            while (!written.get()) {
                try {
                    Files.write(segment(3), new byte[] {0}, StandardOpenOption.APPEND);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        });
        broker.start();
        List<String> read = read();
        written.set(true);
        broker.join();

        assertThat(read).containsExactly("0", "1", "2", "3", "4", "5");
    }
}
