package dev.cohort.runtime.archive;

import dev.cohort.protocol.Topic;
import dev.cohort.runtime.FileFault;
import dev.cohort.runtime.kafka.RawLog;
import dev.cohort.runtime.kafka.RawReading;
import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestOutputStream;
import java.time.LocalDateTime;
import java.util.HexFormat;
import java.util.Map;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Writes a run to one file, in constant memory: a zip with {@link ArchiveManifest} first, then the records of every partition as
 * appended, files beside the log, and last the SHA-256 of every member. Equal logs give equal bytes.
 */
public final class ArchiveWriter {
    static final int RECORD = 1;
    static final int LOST = 2;
    static final int END = 0;
    /** In place of the last offset of a lost range whose end is unknown. */
    static final long NOT_KNOWN = Long.MAX_VALUE;

    static final String SUMS = "SHA256SUMS";
    private static final LocalDateTime NO_TIME = LocalDateTime.of(1980, 1, 1, 0, 0);
    private static final int BUFFER_BYTES = 1 << 16;
    private static final long PROGRESS_EVERY_BYTES = 1 << 20;

    private final ZipOutputStream zip;
    private final BiConsumer<String, Long> progress;
    private final SortedMap<String, String> sums = new TreeMap<>();
    private long written;
    private long lost;

    private ArchiveWriter(OutputStream out, BiConsumer<String, Long> progress) {
        zip = new ZipOutputStream(out, StandardCharsets.UTF_8);
        zip.setLevel(Deflater.BEST_SPEED);
        this.progress = progress;
    }

    /**
     * Writes an archive; {@code file} appears only when it is complete.
     *
     * @param files by the name of their member, such as {@code run/metrics.csv}
     * @param progress receives the member being written, and the bytes so far before compression
     * @return number of ranges of the log that could not be read
     * @throws IllegalArgumentException when {@code file} exists
     * @throws UncheckedIOException when the archive cannot be written
     */
    public static long write(
            Path file,
            RawLog log,
            ArchiveManifest manifest,
            SortedMap<String, Path> files,
            BiConsumer<String, Long> progress) {
        if (Files.exists(file)) {
            throw new IllegalArgumentException("archive " + file + " exists already; name a new file");
        }
        Path fresh = file.resolveSibling(file.getFileName() + ".part");
        try {
            long lost;
            try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(fresh), BUFFER_BYTES)) {
                ArchiveWriter writer = new ArchiveWriter(out, progress);
                writer.all(log, manifest, files);
                writer.zip.finish();
                lost = writer.lost;
            }
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
            return lost;
        } catch (IOException e) {
            throw FileFault.unwritable("archive " + file, e);
        } finally {
            fresh.toFile().delete();
        }
    }

    private void all(RawLog log, ArchiveManifest manifest, SortedMap<String, Path> files) throws IOException {
        member(ArchiveManifest.MEMBER, out -> out.write(manifest.toJson()));
        for (Map.Entry<Topic, Integer> topic : manifest.partitions().entrySet()) {
            for (int partition = 0; partition < topic.getValue(); partition++) {
                String name = ArchiveManifest.member(topic.getKey(), partition);
                try (RawReading reading = log.raw(topic.getKey(), partition)) {
                    member(name, out -> records(name, reading, out));
                }
            }
        }
        for (Map.Entry<String, Path> file : files.entrySet()) {
            member(file.getKey(), out -> {
                try (InputStream in = Files.newInputStream(file.getValue())) {
                    in.transferTo(out);
                }
            });
        }
        StringBuilder lines = new StringBuilder();
        sums.forEach((name, sum) -> lines.append(sum).append("  ").append(name).append('\n'));
        member(SUMS, out -> out.write(lines.toString().getBytes(StandardCharsets.UTF_8)));
    }

    /** Content of a member. */
    private interface Content {
        void write(OutputStream out) throws IOException;
    }

    private void member(String name, Content content) throws IOException {
        ZipEntry entry = new ZipEntry(name);
        entry.setTimeLocal(NO_TIME);
        zip.putNextEntry(entry);
        DigestOutputStream digested = new DigestOutputStream(zip, Checksums.sha256());
        BufferedOutputStream out = new BufferedOutputStream(digested, BUFFER_BYTES);
        progress.accept(name, written);
        content.write(out);
        out.flush();
        zip.closeEntry();
        sums.put(name, HexFormat.of().formatHex(digested.getMessageDigest().digest()));
    }

    private void records(String name, RawReading reading, OutputStream out) throws IOException {
        Records records = new Records(new DataOutputStream(out));
        long reported = written;
        try {
            while (reading.advance(records)) {
                if (written - reported > PROGRESS_EVERY_BYTES) {
                    reported = written;
                    progress.accept(name, written);
                }
            }
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        records.out.writeByte(END);
    }

    private final class Records implements RawReading.Sink {
        private final DataOutputStream out;

        Records(DataOutputStream out) {
            this.out = out;
        }

        @Override
        public void record(long offset, long appendedMs, byte[] value) {
            put(RECORD, offset, appendedMs, value);
        }

        @Override
        public void lost(long fromOffset, OptionalLong toOffset, String why) {
            lost++; // Counts ranges, not records.
            put(LOST, fromOffset, toOffset.orElse(NOT_KNOWN), why.getBytes(StandardCharsets.UTF_8));
        }

        private void put(int kind, long first, long second, byte[] bytes) {
            try {
                out.writeByte(kind);
                out.writeLong(first);
                out.writeLong(second);
                out.writeInt(bytes.length);
                out.write(bytes);
                written += bytes.length;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
