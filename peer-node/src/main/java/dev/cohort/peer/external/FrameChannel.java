package dev.cohort.peer.external;

import dev.cohort.protocol.wire.proto.LearnerWire;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Whole frames over a connected socket, each within a time limit: header length (4 bytes), payload length (8 bytes), header,
 * payload, all little-endian.
 */
final class FrameChannel implements AutoCloseable {
    private static final int LENGTHS_BYTES = 12;
    private static final int HEADER_BYTES_MAX = 64 << 20;
    /** Java copies what it reads and writes through a buffer of this size, and keeps that. */
    private static final int CHUNK_BYTES = 1 << 20;

    private static final int TOGETHER_BYTES_MAX = 1 << 17;

    private final SocketChannel channel;
    private final Selector selector;
    private final SelectionKey key;

    /** A frame from the learner. */
    record Frame(LearnerWire.Reply header, WireTensors tensors) {}

    /** Takes the channel over; {@link #close} closes it. */
    FrameChannel(SocketChannel channel) throws IOException {
        this.channel = channel;
        channel.configureBlocking(false);
        selector = Selector.open();
        key = channel.register(selector, 0);
    }

    /** Within {@code limit}, else {@link TimeoutException}. */
    void send(LearnerWire.Request.Builder request, WireTensors tensors, Duration limit) throws IOException {
        long end = System.nanoTime() + limit.toNanos();
        byte[] header = request.addAllTensors(tensors.infos()).build().toByteArray();
        long payload = 0;
        for (ByteBuffer bytes : tensors.bytes()) {
            payload += bytes.remaining();
        }
        boolean together = payload <= TOGETHER_BYTES_MAX;
        ByteBuffer first = ByteBuffer.allocate(LENGTHS_BYTES + header.length + (together ? (int) payload : 0))
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(header.length)
                .putLong(payload)
                .put(header);
        if (together) {
            // In one piece: each piece may wake the other side.
            tensors.bytes().forEach(bytes -> first.put(bytes.duplicate()));
        }
        write(first.flip(), end);
        if (!together) {
            for (ByteBuffer bytes : tensors.bytes()) {
                write(bytes.duplicate(), end);
            }
        }
    }

    /**
     * The next frame, within {@code limit}, else {@link TimeoutException}.
     *
     * @throws EOFException when the learner has closed the connection
     * @throws MalformedException when the frame is not what {@code learner.proto} requires
     */
    Frame receive(Duration limit) throws IOException {
        long end = System.nanoTime() + limit.toNanos();
        ByteBuffer lengths = read(LENGTHS_BYTES, end);
        long headerBytes = Integer.toUnsignedLong(lengths.getInt());
        long payload = lengths.getLong();
        if (headerBytes > HEADER_BYTES_MAX) {
            throw new MalformedException("a header of " + headerBytes + " bytes: must be at most " + HEADER_BYTES_MAX);
        }
        LearnerWire.Reply header = parsed(read((int) headerBytes, end));
        List<ByteBuffer> bytes = new ArrayList<>();
        for (LearnerWire.TensorInfo info : header.getTensorsList()) {
            int size = WireTensors.size(info);
            payload -= size;
            if (payload < 0) {
                throw new MalformedException("tensor " + info.getName() + " is longer than the rest of its frame");
            }
            bytes.add(read(size, end));
        }
        if (payload != 0) {
            throw new MalformedException("a payload with " + payload + " bytes more than its tensors");
        }
        return new Frame(header, new WireTensors(header.getTensorsList(), bytes));
    }

    private static LearnerWire.Reply parsed(ByteBuffer header) throws MalformedException {
        try {
            return LearnerWire.Reply.parseFrom(header);
        } catch (IOException e) {
            throw new MalformedException("a header that is no Reply: " + e.getMessage());
        }
    }

    private ByteBuffer read(int size, long end) throws IOException {
        ByteBuffer target = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        while (target.hasRemaining()) {
            int count = channel.read(chunk(target));
            if (count < 0) {
                throw new EOFException("the learner has closed the connection");
            }
            if (count == 0) {
                await(SelectionKey.OP_READ, end);
            } else {
                target.position(target.position() + count);
            }
        }
        return target.flip();
    }

    private void write(ByteBuffer source, long end) throws IOException {
        while (source.hasRemaining()) {
            int count = channel.write(chunk(source));
            if (count == 0) {
                await(SelectionKey.OP_WRITE, end);
            } else {
                source.position(source.position() + count);
            }
        }
    }

    private static ByteBuffer chunk(ByteBuffer whole) {
        return whole.slice(whole.position(), Math.min(CHUNK_BYTES, whole.remaining()));
    }

    private void await(int operation, long end) throws IOException {
        key.interestOps(operation);
        long leftMs = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
        if (leftMs <= 0) {
            throw new TimeoutException();
        }
        selector.select(leftMs);
        selector.selectedKeys().clear();
        if (Thread.currentThread().isInterrupted()) {
            throw new IOException("interrupted");
        }
    }

    @Override
    public void close() throws IOException {
        selector.close();
        channel.close();
    }

    /** A frame that is not what {@code learner.proto} requires. */
    static final class MalformedException extends IOException {
        private static final long serialVersionUID = 1L;

        MalformedException(String message) {
            super(message);
        }
    }

    /** The learner did not read or reply in time. */
    static final class TimeoutException extends IOException {
        private static final long serialVersionUID = 1L;
    }
}
