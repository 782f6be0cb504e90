package dev.cohort.runtime.kafka;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.jspecify.annotations.Nullable;

/** Reads the records of one partition, segment by segment; reports missing records with their offsets and the reason. */
final class SegmentRecords implements RawReading {
    private final Iterator<Path> rest;
    /** End of the last segment when the reading was created; later records are not read. */
    private final long lastEndByte;

    private final DueOffset due;
    private final long writtenTo;
    private final List<String> faults = new ArrayList<>();
    private @Nullable SegmentFile open;
    private boolean ended;

    /**
     * @param segments segment files in order
     * @param normal where gaps are no loss
     * @param writtenTo the broker's watermark: it has written records up to this offset, exclusive
     */
    SegmentRecords(List<Path> segments, Gaps normal, long writtenTo) {
        rest = segments.iterator();
        lastEndByte = segments.isEmpty() ? 0 : bytes(segments.get(segments.size() - 1));
        due = new DueOffset(0, normal);
        this.writtenTo = writtenTo;
    }

    private static long bytes(Path segment) {
        try {
            return Files.size(segment);
        } catch (NoSuchFileException e) {
            return 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public boolean advance(Sink sink) {
        if (open != null) {
            Optional<SegmentFile.Piece> piece = open.next(due.offset());
            if (piece.isEmpty()) {
                close();
            } else if (piece.get() instanceof SegmentFile.Whole whole) {
                take(whole.batch(), sink);
            } else if (piece.get() instanceof SegmentFile.Damaged damaged) {
                faults.add(damaged.why());
            }
            return true;
        }
        if (rest.hasNext()) {
            begin(rest.next(), sink);
            return true;
        }
        if (!ended) {
            ended = true;
            end(sink);
            return true;
        }
        return false;
    }

    private void begin(Path segment, Sink sink) {
        try {
            open = SegmentFile.open(segment, rest.hasNext() ? Long.MAX_VALUE : lastEndByte);
            reach(SegmentFile.firstOffset(segment), "no segment file holds them", sink);
        } catch (NoSuchFileException e) {
            faults.add(segment.getFileName() + " was deleted while the log was read");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void take(RecordBatch batch, Sink sink) {
        reach(batch.baseOffset(), "not in the file: a gap between two record batches", sink);
        try {
            if (!batch.isControlBatch()) {
                for (Record record : batch) {
                    ByteBuffer value = record.value();
                    byte[] bytes = new byte[value == null ? 0 : value.remaining()];
                    if (value != null) {
                        value.get(bytes);
                    }
                    sink.record(record.offset(), batch.maxTimestamp(), bytes);
                }
            }
        } catch (KafkaException e) {
            sink.lost(batch.baseOffset(), OptionalLong.of(batch.lastOffset()), String.valueOf(e.getMessage()));
        }
        due.skipTo(batch.lastOffset() + 1);
    }

    /** Reports the records that are missing before {@code offset}, and continues there. */
    private void reach(long offset, String why, Sink sink) {
        if (faults.isEmpty()) {
            due.reach(offset, why, sink);
        } else {
            sink.lost(due.offset(), OptionalLong.of(offset - 1), String.join("; ", faults));
            faults.clear();
            due.skipTo(offset);
        }
    }

    private void end(Sink sink) {
        if (!faults.isEmpty()) {
            sink.lost(due.offset(), OptionalLong.empty(), String.join("; ", faults));
        } else if (due.offset() < writtenTo) {
            sink.lost(
                    due.offset(),
                    OptionalLong.of(writtenTo - 1),
                    "written according to the broker's " + Watermarks.FILE + ", but no file holds them");
        }
    }

    @Override
    public void close() {
        if (open != null) {
            open.close();
            open = null;
        }
    }
}
