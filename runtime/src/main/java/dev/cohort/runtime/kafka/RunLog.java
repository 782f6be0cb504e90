package dev.cohort.runtime.kafka;

import dev.cohort.protocol.Limits;
import dev.cohort.protocol.Manifest;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Topic;
import dev.cohort.protocol.wire.MessageCodec;
import dev.cohort.protocol.wire.Reason;
import dev.cohort.runtime.Appender;
import dev.cohort.runtime.Delivery;
import dev.cohort.runtime.Faults;
import dev.cohort.runtime.Meters;
import dev.cohort.runtime.Receiver;
import dev.cohort.runtime.RejectedRecord;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.KafkaException;

/**
 * One process's connection to the topics of one run: appends messages, follows topics, and knows whether the broker is reachable.
 * Thread-safe. Connecting does not wait for the broker; methods that need it do, for a limited time.
 */
public final class RunLog implements Appender, AutoCloseable {
    private final KafkaAddress address;
    private final String runId;
    private final String sender;
    private final Faults faults;
    private final MessageCodec codec;
    private final Admin admin;
    private final Probe probe;
    private final Topics topics;
    private final OrderedSender appending;
    private final Rejections rejections;
    private final Queue<Follower> followers = new ConcurrentLinkedQueue<>();

    private RunLog(KafkaAddress address, String runId, String sender, Faults faults, MeterRegistry registry) {
        this.address = address;
        this.runId = runId;
        this.sender = sender;
        this.faults = faults;
        this.codec = new MessageCodec(runId, Limits.DEFAULT);
        this.admin = Admin.create(ClientSettings.admin(address, sender));
        this.probe = new Probe(admin, address, runId);
        this.topics = new Topics(admin, address, runId);
        this.appending = new OrderedSender(
                new KafkaProducer<>(ClientSettings.producer(address, sender)),
                codec,
                runId,
                sender,
                faults,
                probe.clock());
        this.rejections = new Rejections(System::nanoTime, registry);
        Gauge.builder(Meters.BROKER_REACHABLE.meterName(), probe.clock(), c -> c.isRunning() ? 1 : 0)
                .register(registry);
    }

    /** Connects without meters. */
    public static RunLog connect(KafkaAddress address, String runId, String sender, Faults faults) {
        return connect(address, runId, sender, faults, new CompositeMeterRegistry());
    }

    /**
     * Connects.
     *
     * @param sender name of this process in the records it writes: its peer id or its role
     * @param faults called when a message can never be appended or the log can no longer be followed
     * @param registry registry for {@link Meters#REJECTED} and {@link Meters#BROKER_REACHABLE}
     * @throws RunLogException when the client settings are wrong
     */
    public static RunLog connect(
            KafkaAddress address, String runId, String sender, Faults faults, MeterRegistry registry) {
        try {
            return new RunLog(address, runId, sender, faults, registry);
        } catch (KafkaException e) {
            throw new RunLogException("cannot connect to broker " + address + ": " + reason(e), e);
        }
    }

    /**
     * Creates the missing topics of the run.
     *
     * @throws RunLogException when the broker does not answer, refuses, or has a topic with other settings
     */
    public void createTopics(TopicPlan plan) {
        topics.create(plan);
        probe.topicsKnown();
    }

    /**
     * Whether the run's topics exist.
     *
     * @throws RunLogException when the broker does not answer
     */
    public boolean exists() {
        return topics.exists();
    }

    /**
     * Whether the run's manifest has been written. A launcher may have died between creating the topics and writing the manifest.
     *
     * @throws RunLogException when the broker does not answer, or the topics do not exist
     */
    public boolean begun() {
        return topics.written(Topic.RUN);
    }

    /**
     * Waits for the first manifest of the run.
     *
     * @throws RunLogException when it is not written within {@code limit}; the message names what to check
     */
    public Manifest awaitManifest(Duration limit) {
        long endNanos = System.nanoTime() + limit.toNanos();
        String name = TopicPlan.topicName(runId, Topic.RUN);
        String check = ": check the run id, and that its launcher runs";
        String what = "topic " + name + " is not on broker " + address + check;
        while (System.nanoTime() - endNanos < 0) {
            try {
                if (topics.exists()) {
                    what = "no manifest on topic " + name + " of broker " + address + check;
                    Optional<Manifest> manifest = readManifest(endNanos);
                    if (manifest.isPresent()) {
                        return manifest.get();
                    }
                }
            } catch (RunLogException e) {
                // The broker may still be starting, or busy: wait until the limit.
                what = String.valueOf(e.getMessage());
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
        }
        throw new RunLogException("waited " + limit.toMillis() + " ms for the first record of the run: " + what, null);
    }

    /** This program cannot read the run's first record, so waiting is pointless. */
    private static final class Unreadable extends Exception {
        private static final long serialVersionUID = 1;

        Unreadable(String what) {
            super(what);
        }
    }

    private Optional<Manifest> readManifest(long endNanos) {
        CompletableFuture<Manifest> manifest = new CompletableFuture<>();
        Following following = follow(Set.of(Topic.RUN), OptionalInt.empty(), From.BEGINNING, new First(manifest));
        try {
            return Optional.of(manifest.get(endNanos - System.nanoTime(), TimeUnit.NANOSECONDS));
        } catch (TimeoutException e) {
            return Optional.empty();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Unreadable unreadable) {
                throw new IllegalArgumentException("run " + runId + " " + unreadable.getMessage(), e);
            }
            throw new RunLogException("cannot read the manifest of run '" + runId + "'", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RunLogException("interrupted while waiting for the manifest of run '" + runId + "'", e);
        } finally {
            following.close();
        }
    }

    /** Receives the first manifest. */
    private static final class First implements Receiver {
        private final CompletableFuture<Manifest> manifest;
        private Optional<String> refused = Optional.empty();

        First(CompletableFuture<Manifest> manifest) {
            this.manifest = manifest;
        }

        @Override
        public boolean offer(Delivery delivery) {
            if (delivery.message() instanceof Manifest found) {
                manifest.complete(found);
            }
            return true;
        }

        /** This program can read no record of another version, so waiting for more is pointless. */
        @Override
        public void rejected(RejectedRecord record) {
            boolean otherVersion = Stream.of(Reason.FUTURE_VERSION, Reason.PAST_VERSION)
                    .anyMatch(r -> record.reason().equals(r.name().toLowerCase(Locale.ROOT)));
            if (otherVersion) {
                manifest.completeExceptionally(new Unreadable("has " + record.detail()));
            }
            refused = Optional.of(refused.orElse(record.detail()));
        }

        @Override
        public void caughtUp() {
            refused.ifPresent(why -> manifest.completeExceptionally(new Unreadable(
                    "cannot be followed: its first record cannot be read (" + why + "); start a new run")));
        }
    }

    /**
     * Appends in the order of the list; an addressed part is durable before the messages after it are sent. Blocks while the
     * broker is away and the buffer is full, or while earlier messages of the list must be acknowledged first.
     *
     * @throws RunLogException when this log is closed meanwhile
     */
    @Override
    public void append(List<Message> messages) {
        appending.append(messages);
    }

    /** Waits until everything appended so far is acknowledged; false if this takes longer than {@code limit}. */
    public boolean flush(Duration limit) {
        return appending.flush(limit);
    }

    /**
     * Follows topics with one consumer and one poll thread; "beginning" and "end" are those at the time of the call.
     *
     * @param followed topics without {@link Topic#ADDRESSED}, which is followed by slot; so is {@link Topic#GRADIENTS}, if it is named
     * @param slot whose addressed parts are followed, too, and whose gradients if they are named
     * @throws RunLogException when the topics do not exist or do not have the position, or the broker does not answer
     */
    public Following follow(Set<Topic> followed, OptionalInt slot, From from, Receiver receiver) {
        KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(ClientSettings.consumer(address, sender));
        Follower follower = new Follower(consumer, sender, runId, codec, receiver, rejections, faults);
        try {
            follower.start(followed, slot, from);
        } catch (KafkaException e) {
            consumer.close();
            throw new RunLogException("cannot follow run '" + runId + "' on broker " + address + ": " + reason(e), e);
        } catch (RunLogException | IllegalArgumentException e) {
            consumer.close();
            throw e;
        }
        probe.topicsKnown();
        followers.add(follower);
        return follower;
    }

    /** Whether the broker has answered recently. */
    public boolean brokerReachable() {
        return probe.clock().isRunning();
    }

    /** Time in which the broker was reachable: the clock of nodes. */
    public ReachableClock clock() {
        return probe.clock();
    }

    /** Number of records rejected so far, by {@code reason/sender}. */
    public Map<String, Long> rejected() {
        TreeMap<String, Long> counts = new TreeMap<>();
        rejections.counts().forEach((kind, count) -> counts.put(kind.reason() + "/" + kind.sender(), count));
        return counts;
    }

    /** Ends following, waits up to ten seconds for appends in flight while the broker answers, and disconnects. */
    @Override
    public void close() {
        followers.forEach(Follower::close);
        appending.close();
        probe.close();
        admin.close(Duration.ofSeconds(1));
    }

    /** The message, and that of the cause, which is more specific. */
    private static String reason(KafkaException e) {
        Throwable cause = e.getCause();
        return cause == null ? String.valueOf(e.getMessage()) : e.getMessage() + ": " + cause.getMessage();
    }
}
