package dev.cohort.runtime.kafka;

import dev.cohort.runtime.HostPort;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.UnknownHostException;
import java.util.Collection;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.apache.kafka.common.Node;

/** The addresses that a cluster tells its clients: they ask its bootstrap address once, and then connect to these. */
public final class AdvertisedBrokers {
    private static final int ANSWER_MS_MAX = 5_000;
    private static final int CONNECT_MS_MAX = 5_000;

    private AdvertisedBrokers() {}

    /** What keeps clients on this machine from reaching them, for people; empty if nothing is found. */
    public static Optional<String> obstacle(KafkaAddress address) {
        try (Admin admin = Admin.create(ClientSettings.admin(address, "advertised"))) {
            return obstacle(admin);
        }
    }

    static Optional<String> obstacle(Admin admin) {
        try {
            return obstacle(admin.describeCluster(new DescribeClusterOptions().timeoutMs(ANSWER_MS_MAX))
                    .nodes()
                    .get());
        } catch (ExecutionException e) {
            // Whether the cluster answers at all is asked elsewhere.
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }

    static Optional<String> obstacle(Collection<Node> nodes) {
        for (Node node : nodes) {
            Optional<String> why = unreachable(node.host(), node.port());
            if (why.isPresent()) {
                return Optional.of("it tells its clients to connect to " + new HostPort(node.host(), node.port()) + ", "
                        + why.get() + ": set advertised.listeners of that broker to an address that its clients reach");
            }
        }
        return Optional.empty();
    }

    private static Optional<String> unreachable(String host, int port) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getByName(host), port), CONNECT_MS_MAX);
            return Optional.empty();
        } catch (UnknownHostException e) {
            return Optional.of("and this machine cannot resolve the name " + host);
        } catch (IOException e) {
            return Optional.of("where this machine gets no connection (" + e.getMessage() + ")");
        }
    }
}
