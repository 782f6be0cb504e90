package dev.cohort.runtime;

import dev.cohort.protocol.Message;
import dev.cohort.protocol.Topic;
import dev.cohort.protocol.wire.Decoding;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * What was said in a run, read for study: nothing is written, and reading ends where the log ended when it was opened. Memory is
 * that of one record batch for each {@link Reading}, whatever the length of the run.
 */
public interface RecordedLog extends AutoCloseable {
    String runId();

    /** How many partitions a topic has; 0 when it is not there. */
    int partitions(Topic topic);

    /**
     * Reads a partition from its first record that is still there.
     *
     * @param partition one that is not there has nothing to read but an {@link Unreadable}
     */
    Reading read(Topic topic, int partition);

    @Override
    void close();

    /** One partition, from its beginning to its end. One thread. */
    interface Reading extends AutoCloseable {
        /** The next entry; empty at the end. */
        Optional<Entry> next();

        /** The entries that are left, to be gone through once. */
        default Stream<Entry> stream() {
            return Stream.generate(this::next).takeWhile(Optional::isPresent).flatMap(Optional::stream);
        }

        @Override
        void close();
    }

    /** What stands in a partition. */
    sealed interface Entry {
        Topic topic();

        int partition();

        /** Of the record, or of the first one that cannot be read. */
        long offset();

        /** Where it stands, for people. */
        default String place() {
            return topic().suffix() + "-" + partition() + " offset " + offset();
        }
    }

    /**
     * A record that says something.
     *
     * @param appendedMs the broker's clock when it took the record, in Unix milliseconds
     * @param sender as the record says itself
     * @param bytes of the record's value
     */
    record Said(Topic topic, int partition, long offset, long appendedMs, String sender, Message message, int bytes)
            implements Entry {}

    /** A record that no reader of the run takes for a message. */
    record Refused(Topic topic, int partition, long offset, long appendedMs, Decoding.Rejected rejected)
            implements Entry {}

    /**
     * Records that cannot be read at all: damaged, cut off, deleted, or in a partition that is missing.
     *
     * @param toOffset the last of them; empty when nobody knows where they end, and below {@code offset} when bytes between two
     *     records are no record, and none is missing
     * @param why with the file and its bytes, where there is one
     */
    record Unreadable(Topic topic, int partition, long offset, OptionalLong toOffset, String why) implements Entry {
        @Override
        public String place() {
            String where = topic.suffix() + "-" + partition;
            if (toOffset.isPresent() && toOffset.getAsLong() < offset) {
                return where + " before offset " + offset;
            }
            return where + " offsets " + offset + " to "
                    + (toOffset.isPresent() ? Long.toString(toOffset.getAsLong()) : "the end");
        }
    }
}
