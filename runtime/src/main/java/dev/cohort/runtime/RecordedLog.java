package dev.cohort.runtime;

import dev.cohort.protocol.Message;
import dev.cohort.protocol.Positions;
import dev.cohort.protocol.Topic;
import dev.cohort.protocol.wire.Decoding;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * The log of a run, read for analysis: nothing is written, and reading ends where the log ended when it was opened. Each {@link
 * Reading} needs memory for one record batch, whatever the length of the run.
 */
public interface RecordedLog extends AutoCloseable {
    String runId();

    /** Number of partitions of a topic; 0 if the topic does not exist. */
    int partitions(Topic topic);

    /**
     * Reads a partition from the first record that still exists.
     *
     * @param partition a missing partition reads as one {@link Unreadable}
     */
    Reading read(Topic topic, int partition);

    @Override
    void close();

    /** One partition, from its beginning to its end. Not thread-safe. */
    interface Reading extends AutoCloseable {
        /** The next entry; empty at the end. */
        Optional<Entry> next();

        /** The remaining entries, as a stream that can be used once. */
        default Stream<Entry> stream() {
            return Stream.generate(this::next).takeWhile(Optional::isPresent).flatMap(Optional::stream);
        }

        @Override
        void close();
    }

    /** An entry of a partition. */
    sealed interface Entry {
        Topic topic();

        int partition();

        /** Offset of the record, or of the first record that cannot be read. */
        long offset();

        /** Its place in the log, for people. */
        default String place() {
            return new Positions.Place(topic(), partition()) + " offset " + offset();
        }
    }

    /**
     * A record with a valid message.
     *
     * @param appendedMs when the broker appended it, by the broker's clock, in Unix milliseconds
     * @param sender the writer named by the record, not authenticated
     * @param bytes size of the record's value
     */
    record Said(Topic topic, int partition, long offset, long appendedMs, String sender, Message message, int bytes)
            implements Entry {}

    /** A record that every reader of the run rejects. */
    record Refused(Topic topic, int partition, long offset, long appendedMs, Decoding.Rejected rejected)
            implements Entry {}

    /**
     * A range of records that cannot be read: damaged, truncated, deleted, or in a missing partition.
     *
     * @param toOffset the last of them; empty when their end is unknown; below {@code offset} when there are invalid bytes
     *     between two records, but no record is missing
     * @param why the reason, with the file and its bytes if there is a file
     */
    record Unreadable(Topic topic, int partition, long offset, OptionalLong toOffset, String why) implements Entry {
        @Override
        public String place() {
            String where = new Positions.Place(topic, partition).toString();
            if (toOffset.isPresent() && toOffset.getAsLong() < offset) {
                return where + " before offset " + offset;
            }
            return where + " offsets " + offset + " to "
                    + (toOffset.isPresent() ? Long.toString(toOffset.getAsLong()) : "the end");
        }
    }
}
