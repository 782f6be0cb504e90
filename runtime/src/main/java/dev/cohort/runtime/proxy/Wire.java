package dev.cohort.runtime.proxy;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetServerOptions;
import io.vertx.core.net.NetSocket;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The connections of one link and its current faults. Event loop only. */
final class Wire implements Pipe.Line {
    private static final Logger LOG = LoggerFactory.getLogger(Wire.class);

    private final Vertx vertx;
    private final Link link;
    private final NetClient client;
    private final Set<Connection> connections = new LinkedHashSet<>();
    private boolean parted;
    private long delayMs;
    private OptionalLong partedTimer = OptionalLong.empty();
    private OptionalLong slowedTimer = OptionalLong.empty();
    private long passedBytes;
    private long accepted;

    private record Connection(NetSocket process, NetSocket broker, Pipe there, Pipe back) {}

    Wire(Vertx vertx, Link link, NetClient client) {
        this.vertx = vertx;
        this.link = link;
        this.client = client;
    }

    /** Begins to accept connections. */
    Future<NetServer> open() {
        return vertx.createNetServer(new NetServerOptions()
                        .setHost(LinkProxy.LOOPBACK)
                        .setPort(link.port())
                        .setTcpNoDelay(true))
                .connectHandler(this::accept)
                .listen();
    }

    private void accept(NetSocket process) {
        accepted++;
        process.pause();
        client.connect(link.brokerPort(), LinkProxy.LOOPBACK)
                .onSuccess(broker -> join(process, broker))
                // The broker is away; the process notices by the closed connection.
                .onFailure(away -> process.close());
    }

    private void join(NetSocket process, NetSocket broker) {
        Connection connection = new Connection(
                process, broker, new Pipe(vertx, process, broker, this), new Pipe(vertx, broker, process, this));
        connections.add(connection);
        process.closeHandler(closed -> connections.remove(connection));
        process.exceptionHandler(broken -> process.close());
        broker.exceptionHandler(broken -> broker.close());
        process.resume();
    }

    /** Breaks the link for the duration of the fault. A second fault of a kind replaces the first. */
    void suffer(LinkFault fault) {
        LOG.info("fault link={} {}", link.process(), fault);
        if (fault instanceof LinkFault.Parted p) {
            parted = true;
            partedTimer.ifPresent(vertx::cancelTimer);
            partedTimer = OptionalLong.of(vertx.setTimer(p.forMs(), over -> {
                parted = false;
                passAll();
            }));
        } else if (fault instanceof LinkFault.Slowed slowed) {
            delayMs = slowed.delayMs();
            slowedTimer.ifPresent(vertx::cancelTimer);
            slowedTimer = OptionalLong.of(vertx.setTimer(slowed.forMs(), over -> delayMs = 0));
        } else if (fault instanceof LinkFault.Cut) {
            for (Connection connection : List.copyOf(connections)) {
                connection.there().drop();
                connection.back().drop();
                connection.process().close();
                connection.broker().close();
            }
        }
    }

    private void passAll() {
        for (Connection connection : List.copyOf(connections)) {
            connection.there().pass();
            connection.back().pass();
        }
    }

    @Override
    public boolean parted() {
        return parted;
    }

    @Override
    public long delayMs() {
        return delayMs;
    }

    @Override
    public void passed(long bytes) {
        passedBytes += bytes;
    }

    Link link() {
        return link;
    }

    JsonObject status() {
        return new JsonObject()
                .put("process", link.process())
                .put("connections", connections.size())
                .put("accepted", accepted)
                .put("passed_bytes", passedBytes)
                .put("parted", parted)
                .put("delay_ms", delayMs);
    }
}
