package dev.cohort.endtoend;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.CRC32C;

/** The file of a partition in the log of a run's own broker, for tests that change it. */
record SegmentFile(Path path) {
    /** Offsets in a Kafka record batch: its length, its checksum, and the first byte under the checksum. */
    private static final int LENGTH_AT = 8;

    private static final int CHECKSUM_AT = 17;
    private static final int CHECKED_FROM = 21;
    private static final int HEADER_BYTES = 12;

    /** The non-empty file of a topic with records of {@code sender}. */
    static SegmentFile that(RunFolder run, String topic, String sender) throws IOException {
        Path log = run.path().resolve("broker").resolve("log");
        try (var partitions = Files.list(log)) {
            for (Path partition : partitions.sorted().toList()) {
                Path file = partition.resolve("00000000000000000000.log");
                boolean ofTopic = partition.toString().contains("." + topic + "-") && Files.size(file) > 0;
                if (ofTopic && text(Files.readAllBytes(file)).contains(sender)) {
                    return new SegmentFile(file);
                }
            }
        }
        throw new AssertionError("no records of " + sender + " on " + topic);
    }

    /** One character for each byte. */
    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    /**
     * Changes a bit in the middle of a record batch.
     *
     * @param number of the batch, from 1
     * @param valid whether the checksum is corrected
     */
    void changeOneBitOfBatch(int number, boolean valid) throws IOException {
        byte[] bytes = Files.readAllBytes(path);
        int at = 0;
        for (int i = 1; i < number; i++) {
            at = end(bytes, at);
        }
        changeOneBit(bytes, at, at + (end(bytes, at) - at) / 2, valid);
    }

    /** Changes a bit of the only occurrence of {@code bytes}, and corrects the checksum. */
    void changeOneBitOf(byte[] found) throws IOException {
        byte[] bytes = Files.readAllBytes(path);
        int place = text(bytes).indexOf(text(found));
        if (place < 0 || text(bytes).indexOf(text(found), place + 1) >= 0) {
            throw new AssertionError("not exactly once in " + path);
        }
        int at = 0;
        while (end(bytes, at) <= place) {
            at = end(bytes, at);
        }
        changeOneBit(bytes, at, place, true);
    }

    private static int end(byte[] bytes, int at) {
        return at + HEADER_BYTES + ByteBuffer.wrap(bytes).getInt(at + LENGTH_AT);
    }

    private void changeOneBit(byte[] bytes, int batchAt, int place, boolean valid) throws IOException {
        bytes[place] ^= 1;
        if (valid) {
            CRC32C checksum = new CRC32C();
            checksum.update(bytes, batchAt + CHECKED_FROM, end(bytes, batchAt) - batchAt - CHECKED_FROM);
            ByteBuffer.wrap(bytes).putInt(batchAt + CHECKSUM_AT, (int) checksum.getValue());
        }
        Files.write(path, bytes);
    }
}
