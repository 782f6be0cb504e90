package dev.cohort.runtime.kafka;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The offsets up to which a broker has written its partitions, from a file that the broker updates every few seconds and at its
 * end. If a partition ends earlier, records are lost.
 *
 * @param writtenTo by partition folder, the offset after the last record
 */
record Watermarks(SortedMap<String, Long> writtenTo) {
    static final String FILE = "replication-offset-checkpoint";

    Watermarks {
        writtenTo = Collections.unmodifiableSortedMap(writtenTo);
    }

    /** Reads the file; empty if the broker has not written it. Invalid lines are skipped. */
    static Watermarks in(Path logFolder) {
        TreeMap<String, Long> writtenTo = new TreeMap<>();
        try {
            // Two header lines, then: topic partition offset
            for (String line : Files.readAllLines(logFolder.resolve(FILE))) {
                String[] words = line.split(" ", -1);
                if (words.length == 3 && words[1].matches("\\d{1,9}") && words[2].matches("\\d{1,18}")) {
                    writtenTo.put(words[0] + "-" + words[1], Long.parseLong(words[2]));
                }
            }
        } catch (NoSuchFileException e) {
            return new Watermarks(writtenTo);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new Watermarks(writtenTo);
    }

    long of(Path partition) {
        return writtenTo.getOrDefault(String.valueOf(partition.getFileName()), 0L);
    }
}
