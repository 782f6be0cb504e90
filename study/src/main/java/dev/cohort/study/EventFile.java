package dev.cohort.study;

import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.CRC32C;

/**
 * Writes an event file for TensorBoard. A record is
 *
 * <pre>
 * length u64 | masked CRC-32C of it u32 | bytes | masked CRC-32C of them u32      all little-endian
 * masked(crc) = rotate_right(crc, 15) + 0xa282ead8
 * </pre>
 *
 * (TFRecord, {@code tensorflow/core/lib/io/record_writer.h}), its bytes an {@code Event} message ({@code
 * tensorflow/core/util/event.proto}): wall_time = 1 double, step = 2 int64, file_version = 3 string, summary = 5; of a {@code
 * Summary}, value = 1; of a {@code Value}, tag = 1 string, simple_value = 2 float. One thread.
 */
final class EventFile implements AutoCloseable {
    private static final String VERSION = "brain.Event:2";
    private static final int MASK_DELTA = 0xa282ead8;
    private static final double MS_PER_SECOND = 1000;

    private static final int VARINT = 0;
    private static final int FIXED_64 = 1;
    private static final int BYTES = 2;
    private static final int FIXED_32 = 5;

    private final OutputStream out;

    /**
     * Creates a file.
     *
     * @param folder of the file, created if missing
     * @param nowMs Unix milliseconds, part of the file name as TensorBoard requires
     */
    EventFile(Path folder, long nowMs) throws IOException {
        Files.createDirectories(folder);
        Path file = folder.resolve("events.out.tfevents." + nowMs / (long) MS_PER_SECOND + ".cohort");
        out = new BufferedOutputStream(Files.newOutputStream(file));
        Fields event = new Fields();
        event.real(1, nowMs / MS_PER_SECOND);
        event.bytes(3, VERSION.getBytes(StandardCharsets.UTF_8));
        record(event.bytes());
    }

    /** Adds one number; TensorBoard shows NaN and infinity as such. */
    void scalar(long step, long atMs, String tag, double value) throws IOException {
        Fields scalar = new Fields();
        scalar.bytes(1, tag.getBytes(StandardCharsets.UTF_8));
        scalar.single(2, (float) value);
        Fields summary = new Fields();
        summary.bytes(1, scalar.bytes());
        Fields event = new Fields();
        event.real(1, atMs / MS_PER_SECOND);
        event.number(2, step);
        event.bytes(5, summary.bytes());
        record(event.bytes());
    }

    private void record(byte[] bytes) throws IOException {
        byte[] length = little(Long.BYTES).putLong(bytes.length).array();
        out.write(length);
        out.write(little(Integer.BYTES).putInt(masked(length)).array());
        out.write(bytes);
        out.write(little(Integer.BYTES).putInt(masked(bytes)).array());
    }

    /** The checksum in the masked form of a TFRecord. */
    static int masked(byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return Integer.rotateRight((int) crc.getValue(), 15) + MASK_DELTA;
    }

    private static ByteBuffer little(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    public void close() throws IOException {
        out.close();
    }

    /** Fields of a Protocol Buffers message, in their order. */
    private static final class Fields {
        private final ByteArrayOutputStream out = new ByteArrayOutputStream();

        private void tag(int field, int type) {
            varint((long) field << 3 | type);
        }

        private void varint(long value) {
            long rest = value;
            while ((rest & ~0x7FL) != 0) {
                out.write((int) ((rest & 0x7F) | 0x80));
                rest >>>= 7;
            }
            out.write((int) rest);
        }

        void number(int field, long value) {
            tag(field, VARINT);
            varint(value);
        }

        void real(int field, double value) {
            tag(field, FIXED_64);
            out.writeBytes(little(Double.BYTES).putDouble(value).array());
        }

        void single(int field, float value) {
            tag(field, FIXED_32);
            out.writeBytes(little(Float.BYTES).putFloat(value).array());
        }

        void bytes(int field, byte[] value) {
            tag(field, BYTES);
            varint(value.length);
            out.writeBytes(value);
        }

        byte[] bytes() {
            return out.toByteArray();
        }
    }
}
