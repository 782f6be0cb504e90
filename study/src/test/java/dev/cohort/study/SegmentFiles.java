package dev.cohort.study;

import dev.cohort.protocol.Limits;
import dev.cohort.protocol.Topic;
import dev.cohort.protocol.wire.MessageCodec;
import dev.cohort.runtime.RecordedLog;
import dev.cohort.runtime.kafka.TopicPlan;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;

/** A log as the files that a broker makes of it: a folder for each partition, a record batch for each message. */
record SegmentFiles(Path folder, String run) {
    /** Writes all partitions of all topics. */
    static SegmentFiles write(RecordedLog log, Path folder) throws IOException {
        SegmentFiles files = new SegmentFiles(folder, log.runId());
        MessageCodec codec = new MessageCodec(log.runId(), Limits.DEFAULT);
        StringBuilder books = new StringBuilder("0\n0\n");
        for (Topic topic : Topic.values()) {
            for (int partition = 0; partition < log.partitions(topic); partition++) {
                Files.createDirectories(files.segment(topic, partition).getParent());
                long offset = 0;
                try (RecordedLog.Reading reading = log.read(topic, partition);
                        FileChannel file = FileChannel.open(
                                files.segment(topic, partition),
                                StandardOpenOption.CREATE,
                                StandardOpenOption.WRITE,
                                StandardOpenOption.TRUNCATE_EXISTING)) {
                    for (var entry = reading.next(); entry.isPresent(); entry = reading.next()) {
                        RecordedLog.Said record = (RecordedLog.Said) entry.get();
                        byte[] value = codec.encode(record.message(), record.sender());
                        ByteBuffer batch = MemoryRecords.withRecords(
                                        offset++, Compression.NONE, new SimpleRecord(record.appendedMs(), value))
                                .buffer();
                        file.write(batch);
                    }
                }
                books.append(TopicPlan.topicName(files.run, topic) + " " + partition + " " + offset + "\n");
            }
        }
        Files.writeString(folder.resolve("replication-offset-checkpoint"), books);
        return files;
    }

    Path segment(Topic topic, int partition) {
        return folder.resolve(TopicPlan.topicName(run, topic) + "-" + partition).resolve("00000000000000000000.log");
    }

    /** The first byte of a record batch, counted from 0. */
    int batchAt(Topic topic, int partition, int number) throws IOException {
        ByteBuffer log = ByteBuffer.wrap(Files.readAllBytes(segment(topic, partition)));
        int at = 0;
        for (int i = 0; i < number; i++) {
            at += 12 + log.getInt(at + 8);
        }
        return at;
    }
}
