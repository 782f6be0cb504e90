package dev.cohort.runtime.kafka;

import dev.cohort.protocol.Topic;
import dev.cohort.protocol.wire.Decoding;
import dev.cohort.protocol.wire.Limits;
import dev.cohort.protocol.wire.MessageCodec;
import dev.cohort.runtime.RecordedLog;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.record.internal.FileLogInputStream;
import org.apache.kafka.common.record.internal.FileRecords;
import org.apache.kafka.common.record.internal.Record;
import org.jspecify.annotations.Nullable;

/**
 * The topics of a run as the broker's files hold them, read without a broker: a finished run, or one that goes on, up to where
 * each file ends when it is opened. Every record batch is checked against its CRC; one that is damaged is named with its
 * offsets, and reading goes on behind it.
 */
public final class SegmentLog implements RecordedLog {
    private static final String SEGMENT = ".log";

    private final Path folder;
    private final String runId;
    private final MessageCodec codec;

    private SegmentLog(Path folder, String runId) {
        this.folder = folder;
        this.runId = runId;
        codec = new MessageCodec(runId, Limits.DEFAULT);
    }

    /**
     * Opens the log of a run.
     *
     * @param folder log folder of the broker, in which each partition has a folder
     * @throws UncheckedIOException when there is none of this run
     */
    public static SegmentLog open(Path folder, String runId) {
        SegmentLog log = new SegmentLog(folder, runId);
        if (log.partitions(Topic.RUN) == 0) {
            throw new UncheckedIOException(new IOException("log " + folder + ": holds no topic "
                    + TopicPlan.topicName(runId, Topic.RUN) + ": is this the folder of the run's broker?"));
        }
        return log;
    }

    @Override
    public String runId() {
        return runId;
    }

    @Override
    public int partitions(Topic topic) {
        int partitions = 0;
        while (Files.isDirectory(partition(topic, partitions))) {
            partitions++;
        }
        return partitions;
    }

    private Path partition(Topic topic, int partition) {
        return folder.resolve(TopicPlan.topicName(runId, topic) + "-" + partition);
    }

    @Override
    public Reading read(Topic topic, int partition) {
        Path files = partition(topic, partition);
        if (!Files.isDirectory(files)) {
            throw new IllegalArgumentException(
                    "partition " + partition + " of topic " + topic.suffix() + ": there is none in " + folder);
        }
        return new Segments(topic, partition, segments(files));
    }

    private static List<Path> segments(Path partition) {
        try (Stream<Path> files = Files.list(partition)) {
            // The name is the offset of the first record, with zeros before it.
            return files.filter(f -> f.toString().endsWith(SEGMENT)).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {}

    /** One partition, segment by segment. */
    private final class Segments implements Reading {
        private final Topic topic;
        private final int partition;
        private final Iterator<Path> rest;
        private final ArrayDeque<Entry> ready = new ArrayDeque<>();
        private @Nullable FileRecords open;
        private @Nullable Iterator<FileLogInputStream.FileChannelRecordBatch> batches;
        private long readBytes;
        private long nextOffset = -1;

        Segments(Topic topic, int partition, List<Path> segments) {
            this.topic = topic;
            this.partition = partition;
            rest = segments.iterator();
        }

        @Override
        public Optional<Entry> next() {
            while (ready.isEmpty() && advance()) {
                // Until there is something to say, or nothing left.
            }
            return Optional.ofNullable(ready.poll());
        }

        /** Reads one more record batch; false at the end. */
        private boolean advance() {
            if (batches == null) {
                if (!rest.hasNext()) {
                    return false;
                }
                begin(rest.next());
                return true;
            }
            FileRecords file = Objects.requireNonNull(open);
            try {
                if (batches.hasNext()) {
                    take(batches.next());
                    return true;
                }
                if (readBytes < file.sizeInBytes()) {
                    lost(file.sizeInBytes() - readBytes + " bytes at the end of "
                            + file.file().getName() + " are no whole record batch");
                }
            } catch (KafkaException e) {
                lost(file.file().getName() + " from byte " + readBytes + " on: " + e.getMessage());
            }
            endSegment();
            return true;
        }

        private void begin(Path segment) {
            try {
                FileRecords file = FileRecords.open(segment.toFile(), false);
                open = file;
                batches = file.batches().iterator();
                readBytes = 0;
                long first = firstOffset(segment);
                // A log may begin late, and a damaged end of a segment has been told of.
                nextOffset = Math.max(nextOffset, first);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private static long firstOffset(Path segment) {
            String name = String.valueOf(segment.getFileName());
            return Long.parseLong(name.substring(0, name.length() - SEGMENT.length()));
        }

        private void lost(String why) {
            ready.add(new Unreadable(topic, partition, nextOffset, OptionalLong.empty(), why));
        }

        private void take(FileLogInputStream.FileChannelRecordBatch batch) {
            readBytes += batch.sizeInBytes();
            long last = batch.lastOffset();
            try {
                batch.ensureValid();
                if (!batch.isControlBatch()) {
                    for (Record record : batch) {
                        ready.add(entry(record, batch.maxTimestamp()));
                    }
                }
            } catch (KafkaException e) {
                ready.add(new Unreadable(
                        topic, partition, batch.baseOffset(), OptionalLong.of(last), String.valueOf(e.getMessage())));
            }
            nextOffset = last + 1;
        }

        private Entry entry(Record record, long appendedMs) {
            ByteBuffer value = record.value();
            byte[] bytes = new byte[value == null ? 0 : value.remaining()];
            if (value != null) {
                value.get(bytes);
            }
            return decoded(codec, topic, partition, record.offset(), appendedMs, bytes);
        }

        private void endSegment() {
            batches = null;
            if (open != null) {
                try {
                    open.close();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
                open = null;
            }
        }

        @Override
        public void close() {
            endSegment();
        }
    }

    /** The entry that a record's bytes make. */
    static Entry decoded(MessageCodec codec, Topic topic, int partition, long offset, long appendedMs, byte[] bytes) {
        Decoding decoding = codec.decode(bytes);
        if (decoding instanceof Decoding.Accepted accepted) {
            return new Said(topic, partition, offset, appendedMs, accepted.sender(), accepted.message(), bytes.length);
        }
        return new Refused(topic, partition, offset, appendedMs, (Decoding.Rejected) decoding);
    }
}
