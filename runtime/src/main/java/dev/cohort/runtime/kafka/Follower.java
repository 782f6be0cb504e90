package dev.cohort.runtime.kafka;

import dev.cohort.protocol.Message;
import dev.cohort.protocol.Positions;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.Rejection;
import dev.cohort.protocol.Topic;
import dev.cohort.protocol.wire.Decoding;
import dev.cohort.protocol.wire.MessageCodec;
import dev.cohort.runtime.Delivery;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.Faults;
import dev.cohort.runtime.Receiver;
import dev.cohort.runtime.RejectedRecord;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Queue;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;

/**
 * Follows topics with one consumer and one poll thread. Records that were in the log when following began are delivered in the
 * order in which the broker appended them, across all partitions. A partition with enough held records is paused, and all are
 * while the receiver is full. Polling continues, so that connections stay open, and memory stays bounded.
 */
final class Follower implements Following {
    private static final Duration POLL = Duration.ofMillis(100);
    /** How often a full receiver is asked again. */
    private static final Duration POLL_WHILE_FULL = Duration.ofMillis(5);

    private static final long LOOK_MS = 10;

    private final KafkaConsumer<byte[], byte[]> consumer;
    private final String runId;
    private final MessageCodec codec;
    private final Receiver receiver;
    private final Rejections rejections;
    private final Faults faults;
    private final Map<String, Topic> topics = new TreeMap<>();
    /** Topics of which only the partition of one slot is followed. */
    private final Set<Topic> bySlot = EnumSet.of(Topic.ADDRESSED);
    /** Number of partitions of each followed topic; written before the poll thread starts. */
    private final Map<Topic, Integer> partitions = new EnumMap<>(Topic.class);

    private final Queue<Integer> slotsToAdd = new ConcurrentLinkedQueue<>();
    private final CountDownLatch ended = new CountDownLatch(1);
    private final Thread thread;
    private volatile boolean closing;
    private volatile boolean caughtUp;
    private volatile int heldCount;
    /** Number of records delivered or rejected. */
    private final AtomicLong taken = new AtomicLong();

    // Poll thread only, once it runs.
    private final HeldRecords held = new HeldRecords();
    private final SortedMap<TopicPartition, Long> endOffsets = new TreeMap<>(HeldRecords.ORDER);
    /** The record that is offered to the receiver until it is accepted. */
    private @Nullable ConsumerRecord<byte[], byte[]> offered;

    /** Its message; null if the record is rejected. */
    private @Nullable Delivery next;

    private boolean full;
    private Positions positions = Positions.NONE;

    Follower(
            KafkaConsumer<byte[], byte[]> consumer,
            String name,
            String runId,
            MessageCodec codec,
            Receiver receiver,
            Rejections rejections,
            Faults faults) {
        this.consumer = consumer;
        this.runId = runId;
        this.codec = codec;
        this.receiver = receiver;
        this.rejections = rejections;
        this.faults = faults;
        this.thread = new Thread(this::run, "follow-" + name);
        thread.setDaemon(true);
    }

    /** Looks up the partitions with their beginnings and ends, on the caller's thread, so that "end" means now. */
    void start(Set<Topic> wanted, OptionalInt slot, From from) {
        List<TopicPartition> partitions = new ArrayList<>();
        for (Topic topic : wanted) {
            if (topic == Topic.GRADIENTS) {
                bySlot.add(topic);
            } else {
                partitions.addAll(partitionsOf(topic));
            }
        }
        slot.ifPresent(number -> partitions.addAll(ofSlot(number)));
        consumer.assign(partitions);
        endOffsets.putAll(consumer.endOffsets(partitions));
        SortedMap<TopicPartition, Long> begin = new TreeMap<>(HeldRecords.ORDER);
        begin.putAll(consumer.beginningOffsets(partitions));
        if (from instanceof From.At at) {
            positions = at.positions();
        }
        for (TopicPartition partition : partitions) {
            long oldest = begin.getOrDefault(partition, 0L);
            long newest = endOffsets.getOrDefault(partition, 0L);
            consumer.seek(partition, first(from, partition, oldest, newest));
        }
        thread.start();
    }

    private long first(From from, TopicPartition partition, long oldest, long newest) {
        if (from instanceof From.End) {
            return newest;
        } else if (from instanceof From.NearEnd near && !near.whole().contains(topics.get(partition.topic()))) {
            return Math.max(oldest, newest - near.recordsMax());
        }
        return wanted(partition, oldest, newest);
    }

    /** @throws RunLogException when the log does not have the position of the checkpoint */
    private long wanted(TopicPartition partition, long oldest, long newest) {
        Topic topic = topics.get(partition.topic());
        OptionalLong kept = topic == null ? OptionalLong.empty() : positions.of(topic, partition.partition());
        long offset = kept.orElse(oldest);
        if (offset < oldest || offset > newest) {
            throw new RunLogException(
                    "topic " + partition + " has records " + oldest + " to " + newest + ": a checkpoint continues at "
                            + offset + ", which "
                            + (offset < oldest ? "retention has deleted" : "is not in the log yet")
                            + "; remove checkpoints that are newer than the log, or start without one",
                    null);
        }
        return offset;
    }

    @Override
    public void addSlot(int slot) {
        slotsToAdd.add(slot);
    }

    @Override
    public boolean isCaughtUp() {
        return caughtUp;
    }

    @Override
    public boolean await(CompletableFuture<?> answer, Duration silenceMax) throws InterruptedException {
        long seen = taken.get();
        long sinceNanos = System.nanoTime();
        while (!answer.isDone()) {
            if (ended.await(LOOK_MS, TimeUnit.MILLISECONDS)) {
                return answer.isDone();
            }
            if (taken.get() != seen) {
                seen = taken.get();
                sinceNanos = System.nanoTime();
            } else if (System.nanoTime() - sinceNanos > silenceMax.toNanos()) {
                return answer.isDone();
            }
        }
        return true;
    }

    @Override
    public void close() {
        closing = true;
        consumer.wakeup();
        if (Thread.currentThread() == thread) {
            return;
        }
        try {
            ended.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Number of polled records that wait for the receiver. */
    int held() {
        return heldCount;
    }

    private List<TopicPartition> partitionsOf(Topic topic) {
        if (topic == Topic.ADDRESSED) {
            throw new IllegalArgumentException("topic addressed: must be followed by slot");
        }
        String name = TopicPlan.topicName(runId, topic);
        topics.put(name, topic);
        List<PartitionInfo> found = consumer.partitionsFor(name);
        if (found == null || found.isEmpty()) {
            throw new RunLogException(
                    "topic " + name + " is not on the broker: check the run id '" + runId + "'", null);
        }
        partitions.put(topic, found.size());
        return found.stream().map(p -> new TopicPartition(name, p.partition())).toList();
    }

    private List<TopicPartition> ofSlot(int slot) {
        List<TopicPartition> partitions = new ArrayList<>();
        for (Topic topic : bySlot) {
            String name = TopicPlan.topicName(runId, topic);
            topics.put(name, topic);
            partitions.add(new TopicPartition(name, slot));
        }
        return partitions;
    }

    private void run() {
        try {
            while (!closing) {
                pollOnce();
            }
        } catch (WakeupException e) {
            // Closing.
        } catch (OffsetOutOfRangeException e) {
            fault("records to follow were deleted by retention: start from a newer checkpoint", e);
        } catch (KafkaException e) {
            fault("cannot follow the log", e);
        } catch (RuntimeException | Error e) {
            if (!closing) {
                faults.fatal(ExitCode.BUG, "receiver failed run=" + runId, e);
            }
        } finally {
            ended.countDown();
            consumer.close(CloseOptions.timeout(Duration.ofSeconds(1)));
        }
    }

    private void fault(String what, KafkaException e) {
        if (!closing) {
            faults.fatal(ExitCode.UNAVAILABLE, what + " run=" + runId, e);
        }
    }

    private void pollOnce() {
        Integer slot = slotsToAdd.poll();
        if (slot != null) {
            assignSlot(slot);
        }
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(full ? POLL_WHILE_FULL : POLL)) {
            held.add(record);
        }
        deliver();
        heldCount = held.count();
        pauseWhereEnoughIsHeld();
        if (!caughtUp && held.isEmpty() && endOffsets.isEmpty()) {
            caughtUp = true;
            receiver.caughtUp();
        }
    }

    private void pauseWhereEnoughIsHeld() {
        Set<TopicPartition> wanted = full ? consumer.assignment() : held.full();
        Set<TopicPartition> paused = consumer.paused();
        consumer.resume(paused.stream().filter(p -> !wanted.contains(p)).toList());
        consumer.pause(wanted.stream().filter(p -> !paused.contains(p)).toList());
    }

    /** Partitions with records from before following began that have not been polled yet. */
    private Set<TopicPartition> behind() {
        endOffsets.entrySet().removeIf(end -> consumer.position(end.getKey()) >= end.getValue());
        return endOffsets.keySet();
    }

    private void assignSlot(int slot) {
        List<TopicPartition> all = new ArrayList<>(consumer.assignment());
        List<TopicPartition> added = new ArrayList<>(ofSlot(slot));
        added.removeAll(all);
        all.addAll(added);
        consumer.assign(all);
        for (TopicPartition partition : added) {
            Topic topic = topics.get(partition.topic());
            OptionalLong kept = topic == null ? OptionalLong.empty() : positions.of(topic, slot);
            if (kept.isPresent()) {
                consumer.seek(partition, kept.getAsLong());
            } else {
                consumer.seekToBeginning(List.of(partition));
            }
        }
    }

    private void deliver() {
        Set<TopicPartition> behind = behind();
        full = false;
        while (!closing) {
            if (offered == null) {
                offered = held.first(behind).orElse(null);
                next = offered == null ? null : decode(offered);
            }
            if (offered == null) {
                return;
            }
            if (next != null && !receiver.offer(next)) {
                full = true;
                return;
            }
            held.remove(offered);
            offered = null;
            taken.incrementAndGet();
        }
    }

    /** Null when the record is rejected. */
    private @Nullable Delivery decode(ConsumerRecord<byte[], byte[]> record) {
        Topic topic = topics.get(record.topic());
        if (topic == null) {
            throw new IllegalStateException("record of topic " + record.topic() + ", which is not followed");
        }
        byte[] value = record.value() == null ? new byte[0] : record.value();
        Decoding decoding = codec.decode(value);
        if (decoding instanceof Decoding.Accepted accepted) {
            Message message = accepted.message();
            Topic belongs = Topic.of(message);
            if (belongs != topic) {
                reject(record, topic, "wrong_topic", accepted.sender(), "belongs on " + belongs.suffix());
                return null;
            }
            Optional<String> misplaced =
                    TopicPlan.misplaced(message, record.partition(), partitions.getOrDefault(topic, 1));
            if (misplaced.isEmpty()) {
                return delivery(record, topic, message, accepted.sender());
            }
            reject(record, topic, "wrong_partition", accepted.sender(), misplaced.get());
            if (message instanceof Prediction prediction) {
                return delivery(record, topic, flawed(prediction, misplaced.get()), accepted.sender());
            }
        } else if (decoding instanceof Decoding.Rejected rejected) {
            String reason = rejected.reason().name().toLowerCase(Locale.ROOT);
            reject(record, topic, reason, rejected.sender(), rejected.detail());
            if (topic == Topic.PREDICTIONS && rejected.standIn().isPresent()) {
                // It must not be used, but no step should wait for another one.
                return delivery(record, topic, rejected.standIn().get(), rejected.sender());
            }
        }
        return null;
    }

    /** Readers of the peer's partition do not find this prediction, so it must not be used. */
    private static Prediction flawed(Prediction prediction, String detail) {
        return Prediction.unreadable(
                prediction.step(),
                prediction.part(),
                prediction.peer(),
                prediction.incarnation(),
                prediction.version(),
                new Prediction.Flaw(Rejection.Reason.PARTITION, detail));
    }

    private static Delivery delivery(ConsumerRecord<?, byte[]> record, Topic topic, Message message, String sender) {
        int bytes = record.value() == null ? 0 : record.value().length;
        return new Delivery(message, sender, topic, record.partition(), record.offset(), record.timestamp(), bytes);
    }

    private void reject(ConsumerRecord<?, ?> record, Topic topic, String reason, String sender, String detail) {
        RejectedRecord rejected =
                new RejectedRecord(topic, record.partition(), record.offset(), reason, sender, detail);
        rejections.add(rejected);
        receiver.rejected(rejected);
    }
}
