package dev.cohort.study.view;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A stream for standard output or standard error: UTF-8 in every locale, printable text only, and one line for each {@code
 * println}.
 */
public final class PrintableStream extends PrintStream {
    /** What happens when the reader has closed the stream. */
    public enum Unread {
        /** Throws {@link OutputClosed} once. */
        ENDS,
        /** Discards the output. */
        GOES_ON
    }

    public PrintableStream(OutputStream to, Unread unread) {
        super(new Filter(to, unread), true, StandardCharsets.UTF_8);
    }

    @Override
    public void println(Object line) {
        println(String.valueOf(line));
    }

    @Override
    public void println(String line) {
        print(Printable.line(String.valueOf(line)) + "\n");
    }

    /** Makes the bytes of UTF-8 text printable. */
    private static final class Filter extends OutputStream {
        private final OutputStream to;
        private final Unread unread;
        private boolean closed;
        /** First bytes of a character whose other bytes are still to come. */
        private byte[] begun = {};

        Filter(OutputStream to, Unread unread) {
            this.to = to;
            this.unread = unread;
        }

        @Override
        public synchronized void write(int one) {
            write(new byte[] {(byte) one}, 0, 1);
        }

        @Override
        public synchronized void write(byte[] bytes, int offset, int length) {
            byte[] all = Arrays.copyOf(begun, begun.length + length);
            System.arraycopy(bytes, offset, all, begun.length, length);
            int whole = whole(all);
            begun = Arrays.copyOfRange(all, whole, all.length);
            String text = new String(all, 0, whole, StandardCharsets.UTF_8);
            hand(Printable.lines(text).getBytes(StandardCharsets.UTF_8));
        }

        /** Number of bytes without an incomplete character at the end. */
        private static int whole(byte[] bytes) {
            for (int back = 1; back <= Math.min(3, bytes.length); back++) {
                int one = bytes[bytes.length - back] & 0xff;
                if (one >= 0xc0) {
                    int needed = one >= 0xf0 ? 4 : one >= 0xe0 ? 3 : 2;
                    return needed > back ? bytes.length - back : bytes.length;
                }
                if (one < 0x80) {
                    break;
                }
            }
            return bytes.length;
        }

        private void hand(byte[] bytes) {
            if (closed) {
                return;
            }
            try {
                to.write(bytes);
                to.flush();
            } catch (IOException e) {
                closed = true;
                if (unread == Unread.ENDS) {
                    throw new OutputClosed(e);
                }
            }
        }
    }
}
