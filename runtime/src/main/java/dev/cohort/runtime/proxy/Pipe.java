package dev.cohort.runtime.proxy;

import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetSocket;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

/**
 * One direction of one connection: passes chunks from one socket to another, in order, as the state of the line allows. Holds a
 * bounded number of bytes and then pauses the source. Event loop only.
 */
final class Pipe {
    /** A whole batch of predictions, so that a slow line has latency but full bandwidth. */
    private static final long HELD_BYTES_MAX = 4L << 20;

    private final Vertx vertx;
    private final NetSocket source;
    private final NetSocket sink;
    private final Line line;
    private final Deque<Chunk> held = new ArrayDeque<>();
    private long heldBytes;
    private boolean sourceEnded;
    private OptionalLong timer = OptionalLong.empty();

    private record Chunk(Buffer bytes, long dueMs) {}

    /** State of the line, shared by its pipes. */
    interface Line {
        boolean parted();

        /** Delay of a chunk that arrives now. */
        long delayMs();

        void passed(long bytes);
    }

    Pipe(Vertx vertx, NetSocket source, NetSocket sink, Line line) {
        this.vertx = vertx;
        this.source = source;
        this.sink = sink;
        this.line = line;
        source.handler(this::take);
        source.endHandler(end -> {
            sourceEnded = true;
            pass();
        });
        sink.drainHandler(drained -> pass());
    }

    private void take(Buffer bytes) {
        held.addLast(new Chunk(bytes, nowMs() + line.delayMs()));
        heldBytes += bytes.length();
        if (heldBytes > HELD_BYTES_MAX) {
            source.pause();
        }
        pass();
    }

    /** Passes the chunks that are due, and sets a timer for the next one. */
    void pass() {
        timer.ifPresent(vertx::cancelTimer);
        timer = OptionalLong.empty();
        while (!held.isEmpty() && !line.parted() && !sink.writeQueueFull()) {
            long waitMs = held.getFirst().dueMs() - nowMs();
            if (waitMs > 0) {
                timer = OptionalLong.of(vertx.setTimer(waitMs, t -> pass()));
                return;
            }
            Buffer bytes = held.removeFirst().bytes();
            heldBytes -= bytes.length();
            line.passed(bytes.length());
            sink.write(bytes);
        }
        if (heldBytes < HELD_BYTES_MAX / 2) {
            source.resume();
        }
        if (sourceEnded && held.isEmpty()) {
            sink.close();
        }
    }

    /** Drops the held chunks. */
    void drop() {
        timer.ifPresent(vertx::cancelTimer);
        timer = OptionalLong.empty();
        held.clear();
        heldBytes = 0;
    }

    private static long nowMs() {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime());
    }
}
