package dev.cohort.runtime.kafka;

import dev.cohort.runtime.HostPort;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Checks whether a broker answers, before clients connect to it. */
public final class BrokerPing {
    private static final Logger LOG = LoggerFactory.getLogger(BrokerPing.class);

    private BrokerPing() {}

    /** Waits until the broker answers; false if it does not within {@code limit}. */
    public static boolean awaitReady(KafkaAddress address, Duration limit) {
        long endNanos = System.nanoTime() + limit.toNanos();
        while (!accepts(address)) {
            if (System.nanoTime() - endNanos >= 0) {
                return false;
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
        }
        try (Admin admin = Admin.create(ClientSettings.admin(address, "await-ready"))) {
            long leftMs = TimeUnit.NANOSECONDS.toMillis(endNanos - System.nanoTime());
            int restMs = (int) Math.max(100, leftMs);
            return !admin.describeCluster(new DescribeClusterOptions().timeoutMs(restMs))
                    .nodes()
                    .get()
                    .isEmpty();
        } catch (ExecutionException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /**
     * Whether a process listens at the address. A cheap first check: Kafka's client logs every connection that it cannot make.
     */
    public static boolean accepts(KafkaAddress address) {
        for (HostPort server : address.servers()) {
            try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress(server.host(), server.port()), 500);
                return true;
            } catch (IOException e) {
                LOG.debug("no broker yet address={} cause={}", server, e.toString());
            }
        }
        return false;
    }
}
