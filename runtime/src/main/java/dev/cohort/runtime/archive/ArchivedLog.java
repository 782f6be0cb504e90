package dev.cohort.runtime.archive;

import dev.cohort.protocol.Limits;
import dev.cohort.protocol.Topic;
import dev.cohort.protocol.wire.MessageCodec;
import dev.cohort.runtime.kafka.Decoded;
import dev.cohort.runtime.kafka.RawLog;
import dev.cohort.runtime.kafka.RawReading;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/** Reads the log of a run from an archive. */
public final class ArchivedLog implements RawLog {
    private final Path file;
    private final ZipFile zip;
    private final ArchiveManifest manifest;
    private final MessageCodec codec;

    private ArchivedLog(Path file, ZipFile zip, ArchiveManifest manifest) {
        this.file = file;
        this.zip = zip;
        this.manifest = manifest;
        codec = new MessageCodec(manifest.run(), Limits.DEFAULT);
    }

    /**
     * Opens an archive, after verifying the checksum of every member.
     *
     * @throws UncheckedIOException when the file is not an archive, or is damaged; the message names the member
     */
    public static ArchivedLog open(Path file) {
        ZipFile zip;
        try {
            zip = new ZipFile(file.toFile(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "archive " + file + ": not an archive, or its table of members is damaged or truncated ("
                            + e.getMessage() + ")",
                    e);
        }
        try {
            check(zip);
            return new ArchivedLog(file, zip, ArchiveManifest.read(bytes(zip, ArchiveManifest.MEMBER)));
        } catch (IOException e) {
            try {
                zip.close();
            } catch (IOException unclosed) {
                e.addSuppressed(unclosed);
            }
            throw new UncheckedIOException("archive " + file + ": " + e.getMessage() + "; use another copy of it", e);
        }
    }

    private static void check(ZipFile zip) throws IOException {
        TreeMap<String, String> sums = new TreeMap<>();
        for (String line : new String(bytes(zip, ArchiveWriter.SUMS), StandardCharsets.UTF_8).split("\n", -1)) {
            String[] words = line.split(" {2}", 2);
            if (words.length == 2) {
                sums.put(words[1], words[0]);
            }
        }
        Set<String> members = new TreeSet<>();
        zip.stream().map(ZipEntry::getName).forEach(members::add);
        members.remove(ArchiveWriter.SUMS);
        for (String name : members) {
            Optional<String> must = Optional.ofNullable(sums.remove(name));
            if (must.isEmpty()) {
                throw new IOException("member " + name + " has no checksum in " + ArchiveWriter.SUMS);
            }
            String found = sum(zip, name);
            if (!found.equals(must.get())) {
                throw new IOException(
                        "member " + name + " is damaged: its SHA-256 is " + found + ", must be " + must.get());
            }
        }
        if (!sums.isEmpty()) {
            throw new IOException("member " + sums.firstKey() + " is missing");
        }
    }

    private static String sum(ZipFile zip, String name) throws IOException {
        try (InputStream in = open(zip, name)) {
            return Checksums.of(in);
        } catch (ZipException | EOFException e) {
            throw new IOException("member " + name + " is damaged: " + e.getMessage(), e);
        }
    }

    private static InputStream open(ZipFile zip, String name) throws IOException {
        Optional<ZipEntry> entry = Optional.ofNullable(zip.getEntry(name));
        if (entry.isEmpty()) {
            throw new IOException("member " + name + " is missing: is this an archive of Cohort?");
        }
        Optional<InputStream> in = Optional.ofNullable(zip.getInputStream(entry.get()));
        return in.orElseThrow(() -> new IOException("member " + name + " cannot be read"));
    }

    /** The bytes of a small member, verified by the zip's CRC: {@link ArchiveWriter#SUMS} itself has no other checksum. */
    private static byte[] bytes(ZipFile zip, String name) throws IOException {
        byte[] bytes;
        try (InputStream in = open(zip, name)) {
            bytes = in.readAllBytes();
        } catch (ZipException | EOFException e) {
            throw new IOException("member " + name + " is damaged: " + e.getMessage(), e);
        }
        CRC32 crc = new CRC32();
        crc.update(bytes);
        if (crc.getValue() != zip.getEntry(name).getCrc()) {
            throw new IOException("member " + name + " is damaged: its CRC is wrong");
        }
        return bytes;
    }

    /** The description of the archive. */
    public ArchiveManifest manifest() {
        return manifest;
    }

    @Override
    public String runId() {
        return manifest.run();
    }

    @Override
    public int partitions(Topic topic) {
        return manifest.partitions().getOrDefault(topic, 0);
    }

    @Override
    public Reading read(Topic topic, int partition) {
        return new Decoded(topic, partition, codec, raw(topic, partition));
    }

    @Override
    public RawReading raw(Topic topic, int partition) {
        String name = ArchiveManifest.member(topic, partition);
        if (partition >= partitions(topic)) {
            return RawReading.missing("archive " + file + " has no member " + name);
        }
        try {
            return new ArchivedRecords(name, new BufferedInputStream(open(zip, name)));
        } catch (IOException e) {
            throw new UncheckedIOException("archive " + file + ": " + e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        try {
            zip.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
