package dev.cohort.runtime.kafka;

import dev.cohort.protocol.Limits;
import dev.cohort.protocol.Topic;
import dev.cohort.protocol.wire.MessageCodec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Reads the log of a run from the broker's files, without a broker: of a finished run, or of a running one up to the end of each
 * file when it is opened. Every record batch is checked against its CRC. Damaged, deleted and truncated records are reported with
 * their offsets, and reading continues after them. Nothing is written, not even to a file that a broker has open.
 */
public final class SegmentLog implements RawLog {
    private final Path folder;
    private final String runId;
    private final MessageCodec codec;
    /** Read before any file, so that the files reach at least as far. */
    private final Watermarks watermarks;

    private SegmentLog(Path folder, String runId) {
        this.folder = folder;
        this.runId = runId;
        codec = new MessageCodec(runId, Limits.DEFAULT);
        watermarks = Watermarks.in(folder);
    }

    /**
     * Opens the log of a run.
     *
     * @param folder log folder of the broker, with a folder for each partition
     * @throws UncheckedIOException when the folder has no log of this run
     */
    public static SegmentLog open(Path folder, String runId) {
        SegmentLog log = new SegmentLog(folder, runId);
        if (!Files.isDirectory(log.partition(Topic.RUN, 0))) {
            throw new UncheckedIOException(new IOException("log " + folder + ": has no topic "
                    + TopicPlan.topicName(runId, Topic.RUN) + ": must be the folder of the run's broker"));
        }
        return log;
    }

    @Override
    public String runId() {
        return runId;
    }

    /** Number of folders of the topic, including missing ones that are named in {@link Watermarks#FILE}. */
    @Override
    public int partitions(Topic topic) {
        String prefix = TopicPlan.topicName(runId, topic) + "-";
        try (Stream<Path> folders = Files.list(folder)) {
            return Stream.concat(
                            folders.filter(Files::isDirectory).map(f -> String.valueOf(f.getFileName())),
                            watermarks.writtenTo().keySet().stream())
                    .filter(name -> name.startsWith(prefix)
                            && name.substring(prefix.length()).matches("\\d{1,9}"))
                    .mapToInt(name -> Integer.parseInt(name.substring(prefix.length())) + 1)
                    .max()
                    .orElse(0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Path partition(Topic topic, int partition) {
        return folder.resolve(TopicPlan.topicName(runId, topic) + "-" + partition);
    }

    @Override
    public Reading read(Topic topic, int partition) {
        return new Decoded(topic, partition, codec, raw(topic, partition));
    }

    @Override
    public RawReading raw(Topic topic, int partition) {
        Path files = partition(topic, partition);
        if (!Files.isDirectory(files)) {
            return RawReading.missing("no folder " + files + " in the log");
        }
        return new SegmentRecords(segments(files), TopicPlan.gaps(topic), watermarks.of(files));
    }

    private static List<Path> segments(Path partition) {
        try (Stream<Path> files = Files.list(partition)) {
            // The name is the offset of the first record, padded with zeros.
            return files.filter(f -> f.toString().endsWith(SegmentFile.ENDING))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {}
}
