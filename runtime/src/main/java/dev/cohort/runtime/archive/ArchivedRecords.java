package dev.cohort.runtime.archive;

import dev.cohort.runtime.kafka.RawReading;
import dev.cohort.runtime.kafka.TopicPlan;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.OptionalLong;

/** Reads the records of one member of an archive. */
final class ArchivedRecords implements RawReading {
    private final String member;
    private final DataInputStream in;
    private boolean ended;

    ArchivedRecords(String member, InputStream in) {
        this.member = member;
        this.in = new DataInputStream(in);
    }

    @Override
    public boolean advance(Sink sink) {
        if (ended) {
            return false;
        }
        try {
            int kind = in.readByte();
            if (kind == ArchiveWriter.END) {
                ended = true;
                return false;
            }
            long first = in.readLong();
            long second = in.readLong();
            int length = in.readInt();
            if (length < 0 || length > TopicPlan.RECORD_BYTES_MAX) {
                throw new IOException("record of " + length + " bytes: must be 0 to " + TopicPlan.RECORD_BYTES_MAX);
            }
            byte[] bytes = in.readNBytes(length);
            if (kind == ArchiveWriter.RECORD) {
                sink.record(first, second, bytes);
            } else if (kind == ArchiveWriter.LOST) {
                OptionalLong last = second == ArchiveWriter.NOT_KNOWN ? OptionalLong.empty() : OptionalLong.of(second);
                sink.lost(first, last, new String(bytes, StandardCharsets.UTF_8));
            } else {
                throw new IOException("record of kind " + kind + ": must be 1 or 2");
            }
            return true;
        } catch (IOException e) {
            throw new UncheckedIOException("archive: member " + member + ": " + e, e);
        }
    }

    @Override
    public void close() {
        try {
            in.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
