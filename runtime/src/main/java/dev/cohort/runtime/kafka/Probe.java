package dev.cohort.runtime.kafka;

import dev.cohort.protocol.Topic;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Checks whether the broker answers, whenever nothing else has shown it for a while; drives a {@link ReachableClock}. */
final class Probe implements AutoCloseable {
    /** Well below {@code gone_after_ms}: after an outage, the heartbeats of peers take some time to arrive. */
    static final Duration GRACE = Duration.ofSeconds(1);

    private static final long INTERVAL_MS = 250;
    private static final int ANSWER_MS_MAX = 1000;
    /** Time for the first connection, which is slow on a busy machine, before the broker is reported as unreachable. */
    private static final long FIRST_CONTACT_MS = 5_000;

    private static final Logger LOG = LoggerFactory.getLogger(Probe.class);

    private final Admin admin;
    private final KafkaAddress address;
    private final TopicPartition runPartition;
    private final ReachableClock clock = new ReachableClock(System::nanoTime, GRACE);
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread thread;
    private volatile boolean topicsKnown;
    private boolean reachable = true;
    /** Whether the broker has ever answered this process. */
    private boolean met;

    Probe(Admin admin, KafkaAddress address, String runId) {
        this.admin = admin;
        this.address = address;
        this.runPartition = new TopicPartition(TopicPlan.topicName(runId, Topic.RUN), 0);
        this.thread = new Thread(this::run, "kafka-probe");
        thread.setDaemon(true);
        thread.start();
    }

    ReachableClock clock() {
        return clock;
    }

    /** From now on the run's topics are checked, too: a starting broker answers some time before it serves its topics. */
    void topicsKnown() {
        topicsKnown = true;
    }

    @Override
    public void close() {
        closing.countDown();
        thread.interrupt();
    }

    private void run() {
        try {
            while (!closing.await(INTERVAL_MS, TimeUnit.MILLISECONDS)) {
                if (clock.silentMs() >= INTERVAL_MS) {
                    ask();
                }
                report();
            }
        } catch (InterruptedException e) {
            // Closing.
        }
    }

    private void ask() throws InterruptedException {
        try {
            question().get(ANSWER_MS_MAX, TimeUnit.MILLISECONDS);
            clock.contact();
        } catch (ExecutionException | TimeoutException e) {
            LOG.debug("no answer from the broker address={} cause={}", address, e.toString());
        }
    }

    private KafkaFuture<?> question() {
        if (topicsKnown) {
            return admin.listOffsets(
                            Map.of(runPartition, OffsetSpec.latest()),
                            new ListOffsetsOptions().timeoutMs(ANSWER_MS_MAX))
                    .all();
        }
        return admin.describeCluster(new DescribeClusterOptions().timeoutMs(ANSWER_MS_MAX))
                .nodes();
    }

    private void report() {
        met |= clock.silentMs() < INTERVAL_MS / 2;
        if (!met && clock.silentMs() < FIRST_CONTACT_MS) {
            return;
        }
        boolean now = clock.isRunning();
        if (now != reachable) {
            reachable = now;
            if (now) {
                LOG.info("broker reachable again address={}", address);
            } else {
                LOG.warn(
                        "broker unreachable, deadlines stand still address={} silent_ms={}", address, clock.silentMs());
            }
        }
    }
}
