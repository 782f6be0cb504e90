package dev.cohort.runtime.kafka;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.common.record.internal.DefaultRecordBatch;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.record.internal.Records;

/**
 * Reads one segment file by record batches, up to its end when it was opened. The file is opened read-only, so that a broker that
 * is writing to it is not disturbed: Kafka's own {@code FileRecords} flushes and trims a file on closing. After damage, reading
 * continues at the next batch with a valid header and CRC.
 */
final class SegmentFile implements AutoCloseable {
    static final String ENDING = ".log";
    private static final int HEADER_BYTES = DefaultRecordBatch.RECORD_BATCH_OVERHEAD;
    private static final int WINDOW_BYTES = 1 << 16;
    /** A broker that is writing a batch has written more of it after this time. */
    private static final long GROWS_WITHIN_MS = 200;

    private final Path file;
    private final FileChannel channel;
    private final long endByte;
    private long atByte;

    private SegmentFile(Path file, FileChannel channel, long endByte) {
        this.file = file;
        this.channel = channel;
        this.endByte = endByte;
    }

    /** A part of a segment. */
    sealed interface Piece {}

    /** A record batch with the right checksum. */
    record Whole(RecordBatch batch) implements Piece {}

    /**
     * Bytes that are no record batch.
     *
     * @param why the reason with the name of the file and the bytes, for people
     * @param toTheEnd whether the damage reaches the end of the file
     */
    record Damaged(String why, boolean toTheEnd) implements Piece {}

    /**
     * Opens a segment.
     *
     * @param endByte number of bytes to read at most
     * @throws IOException when the file cannot be read; {@link java.nio.file.NoSuchFileException} when it has been deleted
     */
    static SegmentFile open(Path file, long endByte) throws IOException {
        FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
        return new SegmentFile(file, channel, Math.min(endByte, channel.size()));
    }

    /** Offset of the first record, from the name of the segment. */
    static long firstOffset(Path file) {
        String name = String.valueOf(file.getFileName());
        return Long.parseLong(name.substring(0, name.length() - ENDING.length()));
    }

    /**
     * The next piece; empty at the end.
     *
     * @param dueOffset the smallest offset that may follow
     * @throws UncheckedIOException when the file cannot be read
     */
    Optional<Piece> next(long dueOffset) {
        if (atByte == endByte) {
            return Optional.empty();
        }
        try {
            Optional<String> fault = fault(atByte, dueOffset);
            if (fault.isEmpty()) {
                RecordBatch batch = batch(atByte);
                atByte += batch.sizeInBytes();
                return Optional.of(new Whole(batch));
            }
            long fromByte = atByte;
            atByte = nextBatch(fromByte + 1, dueOffset);
            if (atByte == endByte && isGrowing()) {
                return Optional.empty();
            }
            return Optional.of(new Damaged(
                    file.getFileName() + " bytes " + fromByte + ".." + (atByte - 1) + ": " + fault.get(),
                    atByte == endByte));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Why no valid batch begins at a byte; empty if one does. */
    private Optional<String> fault(long byteAt, long dueOffset) throws IOException {
        if (endByte - byteAt < HEADER_BYTES) {
            return Optional.of("truncated record batch");
        }
        ByteBuffer header = read(byteAt, HEADER_BYTES);
        int bytes = Records.LOG_OVERHEAD + header.getInt(Records.SIZE_OFFSET);
        byte magic = header.get(Records.MAGIC_OFFSET);
        if (magic != RecordBatch.MAGIC_VALUE_V2) {
            return Optional.of("magic " + magic + " of a record batch: must be " + RecordBatch.MAGIC_VALUE_V2);
        } else if (bytes < HEADER_BYTES || bytes > TopicPlan.RECORD_BYTES_MAX) {
            return Optional.of("record batch of " + bytes + " bytes: must be " + HEADER_BYTES + " to "
                    + TopicPlan.RECORD_BYTES_MAX);
        } else if (bytes > endByte - byteAt) {
            return Optional.of("record batch of " + bytes + " bytes is truncated");
        }
        RecordBatch batch = batch(byteAt);
        if (!batch.isValid()) {
            return Optional.of("wrong CRC of a record batch");
        }
        return offsetFault(batch, byteAt + bytes, dueOffset);
    }

    /** The checksum does not cover the offset, so it is checked against its neighbours. */
    private Optional<String> offsetFault(RecordBatch batch, long behindByte, long dueOffset) throws IOException {
        long offset = batch.baseOffset();
        if (offset < dueOffset) {
            return Optional.of("record batch has offset " + offset + ": must be at least " + dueOffset);
        }
        if (offset > dueOffset && endByte - behindByte >= HEADER_BYTES) {
            long behind = read(behindByte, HEADER_BYTES).getLong(0);
            if (behind > dueOffset && behind <= batch.lastOffset()) {
                return Optional.of("record batch has offset " + offset + ", but the next one has " + behind);
            }
        }
        return Optional.empty();
    }

    /** Where the next valid batch begins, at or after a byte; the end of the file if there is none. */
    private long nextBatch(long fromByte, long dueOffset) throws IOException {
        long windowAt = fromByte;
        while (endByte - windowAt >= HEADER_BYTES) {
            ByteBuffer window = read(windowAt, (int) Math.min(WINDOW_BYTES, endByte - windowAt));
            int candidates = window.limit() - HEADER_BYTES + 1;
            for (int i = 0; i < candidates; i++) {
                boolean likely = window.get(i + Records.MAGIC_OFFSET) == RecordBatch.MAGIC_VALUE_V2
                        && window.getLong(i) >= dueOffset
                        && window.getLong(i) - dueOffset <= Integer.MAX_VALUE;
                if (likely && fault(windowAt + i, dueOffset).isEmpty()) {
                    return windowAt + i;
                }
            }
            windowAt += candidates;
        }
        return endByte;
    }

    private RecordBatch batch(long byteAt) throws IOException {
        int bytes = Records.LOG_OVERHEAD + read(byteAt, HEADER_BYTES).getInt(Records.SIZE_OFFSET);
        return MemoryRecords.readableRecords(read(byteAt, bytes))
                .batches()
                .iterator()
                .next();
    }

    private ByteBuffer read(long byteAt, int bytes) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(bytes);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer, byteAt + buffer.position()) < 0) {
                throw new IOException(file + ": ends at byte " + (byteAt + buffer.position()) + ", had " + endByte
                        + " bytes when it was opened: check which process truncates it");
            }
        }
        return buffer.flip();
    }

    /** Whether a broker is writing after the end, so that an incomplete batch there is no damage. */
    private boolean isGrowing() throws IOException {
        for (long waitedMs = 0; waitedMs < GROWS_WITHIN_MS; waitedMs += 10) {
            if (channel.size() > endByte) {
                return true;
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
        }
        return channel.size() > endByte;
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
