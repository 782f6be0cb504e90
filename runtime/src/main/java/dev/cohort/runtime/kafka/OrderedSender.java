package dev.cohort.runtime.kafka;

import dev.cohort.protocol.Addressed;
import dev.cohort.protocol.Manifest;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Positions.Place;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.Snapshot;
import dev.cohort.protocol.TensorPiece;
import dev.cohort.protocol.Topic;
import dev.cohort.protocol.wire.MessageCodec;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.Faults;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.RetriableException;
import org.jspecify.annotations.Nullable;

/**
 * The producer of a process. Records of one partition are pipelined. Before a list continues in another partition, its earlier
 * records must be acknowledged, so that a crash loses a list's tail and never its middle. Addressed parts of one list are
 * pipelined as well, and so are gradients of feature maps.
 *
 * <p>While the broker is away, records wait in a bounded buffer, and then callers block; no record is dropped. A record that can
 * never be appended (too large, not allowed) is a fault.
 */
final class OrderedSender implements AutoCloseable {
    /** Number of lookups, of one second each, after which a missing topic on a broker that answers is an error. */
    private static final int MISSING_MAX = 10;

    /** Topics whose records for different slots do not depend on one another. */
    private static final Set<Topic> BY_SLOT = EnumSet.of(Topic.ADDRESSED, Topic.GRADIENTS);

    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(10);
    private static final Duration CLOSE_LIMIT_IN_OUTAGE = Duration.ofSeconds(1);

    private final Producer<byte[], byte[]> producer;
    private final MessageCodec codec;
    private final String runId;
    private final String sender;
    private final Faults faults;
    private final ReachableClock clock;
    private final Map<Topic, Integer> partitions = new ConcurrentHashMap<>();
    private final Object acknowledged = new Object();
    private long inFlight;
    private volatile boolean closed;

    OrderedSender(
            Producer<byte[], byte[]> producer,
            MessageCodec codec,
            String runId,
            String sender,
            Faults faults,
            ReachableClock clock) {
        this.producer = producer;
        this.codec = codec;
        this.runId = runId;
        this.sender = sender;
        this.faults = faults;
        this.clock = clock;
    }

    void append(List<Message> messages) {
        List<Future<RecordMetadata>> unacknowledged = new ArrayList<>();
        @Nullable Place previous = null;
        for (Message message : messages) {
            Place place = place(message);
            if (previous != null && !mayOvertake(place, previous)) {
                awaitAll(unacknowledged);
                unacknowledged.clear();
            }
            unacknowledged.add(send(message, place));
            previous = place;
        }
    }

    /** Whether a record at {@code place} may be sent before those at {@code previous} are acknowledged. */
    private static boolean mayOvertake(Place place, Place previous) {
        return place.equals(previous) || (place.topic() == previous.topic() && BY_SLOT.contains(place.topic()));
    }

    /** Waits until everything is acknowledged; false if this takes longer than {@code limit}. */
    boolean flush(Duration limit) {
        long endNanos = System.nanoTime() + limit.toNanos();
        synchronized (acknowledged) {
            try {
                while (inFlight > 0) {
                    long restMs = TimeUnit.NANOSECONDS.toMillis(endNanos - System.nanoTime());
                    if (restMs <= 0) {
                        return false;
                    }
                    acknowledged.wait(restMs);
                }
                return true;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            }
        }
    }

    /** Waits some time for records in flight, longer while the broker answers, then drops them. */
    @Override
    public void close() {
        closed = true;
        producer.close(clock.isRunning() ? CLOSE_LIMIT : CLOSE_LIMIT_IN_OUTAGE);
    }

    private Future<RecordMetadata> send(Message message, Place place) {
        byte[] value = codec.encode(message, sender);
        String topic = TopicPlan.topicName(runId, place.topic());
        ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(topic, place.partition(), key(message), value);
        while (true) {
            requireOpen();
            begin();
            Future<RecordMetadata> future = producer.send(record, (metadata, failure) -> end(message, value, failure));
            if (!refusedForNow(future)) {
                return future;
            }
        }
    }

    /** Whether the record was not accepted into the buffer, because the buffer is full or the broker is away. */
    private static boolean refusedForNow(Future<RecordMetadata> future) {
        if (!future.isDone()) {
            return false;
        }
        try {
            future.get();
            return false;
        } catch (ExecutionException e) {
            return e.getCause() instanceof RetriableException;
        } catch (InterruptedException e) {
            throw interrupted();
        }
    }

    private void begin() {
        synchronized (acknowledged) {
            inFlight++;
        }
    }

    /** Called on the producer's thread, or on the caller's if the record was not accepted into the buffer. */
    private void end(Message message, byte[] value, @Nullable Exception failure) {
        synchronized (acknowledged) {
            inFlight--;
            acknowledged.notifyAll();
        }
        if (failure == null) {
            clock.contact();
        } else if (!closed && !(failure instanceof RetriableException)) {
            String what = "cannot append type=" + message.getClass().getSimpleName() + " topic="
                    + TopicPlan.topicName(runId, Topic.of(message)) + " bytes=" + value.length + advice(failure);
            faults.fatal(ExitCode.UNAVAILABLE, what, failure);
        }
    }

    private static String advice(Exception failure) {
        return failure instanceof RecordTooLargeException
                ? " bytes_max=" + TopicPlan.RECORD_BYTES_MAX + ": reduce run.batch_size"
                : "";
    }

    private void awaitAll(List<Future<RecordMetadata>> futures) {
        for (Future<RecordMetadata> future : futures) {
            try {
                future.get();
            } catch (ExecutionException e) {
                requireOpen();
                throw new RunLogException("an append failed: " + e.getCause(), e);
            } catch (InterruptedException e) {
                throw interrupted();
            }
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new RunLogException("the log of run '" + runId + "' is closed", null);
        }
    }

    private static RunLogException interrupted() {
        Thread.currentThread().interrupt();
        return new RunLogException("interrupted while appending", null);
    }

    private Place place(Message message) {
        Topic topic = Topic.of(message);
        if (message instanceof Prediction prediction) {
            return new Place(topic, TopicPlan.predictionPartition(prediction.peer(), partitions(topic)));
        } else if (message instanceof Addressed part) {
            return ofSlot(topic, part.slot(), "addressed part");
        } else if (message instanceof TensorPiece piece && piece.use() == TensorPiece.Use.GRADIENT) {
            return ofSlot(topic, piece.slot(), "gradient");
        } else if (message instanceof TensorPiece piece) {
            return new Place(topic, TopicPlan.piecePartition(piece, partitions(topic)));
        }
        return new Place(topic, 0);
    }

    private Place ofSlot(Topic topic, int slot, String what) {
        if (slot >= partitions(topic)) {
            throw new IllegalArgumentException(
                    what + " for slot " + slot + ": must be below " + partitions(topic) + ", the number of slots");
        }
        return new Place(topic, slot);
    }

    /** Compaction keeps the newest record of each key. */
    private static byte @Nullable [] key(Message message) {
        if (message instanceof Manifest) {
            return "manifest".getBytes(StandardCharsets.UTF_8);
        } else if (message instanceof Snapshot snapshot) {
            return TopicPlan.snapshotKey(snapshot.step()).getBytes(StandardCharsets.UTF_8);
        }
        return null;
    }

    private int partitions(Topic topic) {
        Integer known = partitions.get(topic);
        if (known == null) {
            known = askPartitions(TopicPlan.topicName(runId, topic));
            partitions.put(topic, known);
        }
        return known;
    }

    private int askPartitions(String topic) {
        int missing = 0;
        while (missing < MISSING_MAX) {
            requireOpen();
            try {
                return producer.partitionsFor(topic).size();
            } catch (org.apache.kafka.common.errors.TimeoutException e) {
                missing = clock.isRunning() ? missing + 1 : 0;
            } catch (InterruptException e) {
                throw interrupted();
            }
        }
        throw new RunLogException(
                "topic " + topic
                        + " is not on the broker, which answers: the run may have been deleted; check with 'cohort peers'",
                null);
    }
}
