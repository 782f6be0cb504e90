package dev.cohort.runtime.kafka;

import dev.cohort.runtime.FileFault;
import dev.cohort.runtime.HostPort;
import dev.cohort.runtime.ParentWatch;
import dev.cohort.runtime.proxy.Link;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.common.utils.internals.Exit;
import org.apache.kafka.metadata.storage.Formatter;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A Kafka broker for one machine: real Kafka, broker and controller in one process. It runs in a process of its own, because a
 * fatal fault inside Kafka ends the whole process.
 */
public final class EmbeddedBroker {
    /**
     * Flags for the broker's JVM. It mostly moves bytes: the first compiler is enough and halves what a start costs (3 s of
     * processor time instead of 6). 256 MiB served everything that was tried, records of 20 MB included.
     */
    public static final List<String> JVM_FLAGS = List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1");

    /** In the data folder: where the broker of this folder is, for the life of the run. */
    private static final String ADDRESS_FILE = "address";

    private static final String LOG_FOLDER = "log";
    private static final long FREE_BYTES_MIN = 256L << 20;
    private static final long FREE_MIB_SCARCE = 64;
    private static final Logger LOG = LoggerFactory.getLogger(EmbeddedBroker.class);

    private EmbeddedBroker() {}

    /**
     * The address of the broker whose data is in {@code dataDir}. The first call chooses it and keeps it there, so that a
     * restarted broker is where its clients look for it.
     *
     * @param wanted address of this machine to bind and advertise; port 0 chooses a free one the first time and keeps it after
     *     that
     * @throws BrokerException when the folder cannot be written
     */
    public static HostPort address(Path dataDir, HostPort wanted) {
        Path file = dataDir.resolve(ADDRESS_FILE);
        try {
            Files.createDirectories(dataDir);
            HostPort address = wanted;
            if (wanted.port() == 0) {
                address = wanted.with(Files.exists(file) ? portIn(file) : freePort(wanted.host()));
            }
            Path fresh = Files.writeString(dataDir.resolve(ADDRESS_FILE + ".new"), address + "\n");
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            return address;
        } catch (IOException e) {
            throw new BrokerException(
                    "broker folder " + dataDir + " cannot be used (" + FileFault.why(e)
                            + "): check its owner and free space",
                    e);
        }
    }

    /**
     * An address of the broker that it did not have so far, on a port that is free.
     *
     * @throws BrokerException when {@code host} is not this machine
     */
    public static HostPort anotherAddress(HostPort host) {
        try {
            return host.with(freePort(host.host()));
        } catch (IOException e) {
            throw new BrokerException("no free port on " + host.host() + " for the broker: " + e, e);
        }
    }

    /** Where the broker whose data is in {@code dataDir} has its topics, for {@link SegmentLog}. */
    public static Path logFolder(Path dataDir) {
        return dataDir.resolve(LOG_FOLDER);
    }

    /**
     * Serves {@link #address} until the process is asked to end. Small data needs 64 MiB of heap, load 256 MiB.
     *
     * @throws BrokerException when the port is in use, or the folder cannot be written or has too little room
     */
    public static void run(Path dataDir, HostPort wanted) {
        run(dataDir, wanted, List.of());
    }

    /**
     * As {@link #run(Path, HostPort)}, with a listener of its own on loopback for each link: what comes by it is told to come
     * back by it, so that all of a process's connections go through a proxy.
     */
    public static void run(Path dataDir, HostPort wanted, List<Link> links) {
        HostPort address = address(dataDir, wanted);
        requireFree(address);
        requireRoom(dataDir);
        Path log = logFolder(dataDir);
        Properties settings = settings(log, address, links);
        reportHalts(dataDir);
        format(log);
        KafkaRaftServer server = new KafkaRaftServer(KafkaConfig.fromProps(settings, false), Time.SYSTEM);
        Runtime.getRuntime().addShutdownHook(new Thread(server::shutdown, "broker-shutdown"));
        ParentWatch.startIfSupervised(System.getenv(), System.in, () -> System.exit(0));
        server.startup();
        LOG.info("broker serves address={} folder={}", address, dataDir);
        server.awaitShutdown();
    }

    /** Waits until the broker answers; false when it did not within {@code limit}. */
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
     * Whether somebody listens there, busy or not. A cheap question to begin with: Kafka's client complains in the log of every
     * connection it cannot make.
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

    private static Properties settings(Path log, HostPort address, List<Link> links) {
        int controllerPort;
        try {
            controllerPort = freePort("127.0.0.1");
        } catch (IOException e) {
            throw new BrokerException("no free port on 127.0.0.1 for the broker's controller: " + e, e);
        }
        Properties s = new Properties();
        s.put("process.roles", "broker,controller");
        s.put("node.id", "1");
        // Static voters may move to another port with a restart.
        s.put("controller.quorum.voters", "1@127.0.0.1:" + controllerPort);
        s.put("controller.listener.names", "CONTROLLER");
        StringBuilder listeners = new StringBuilder("PLAINTEXT://" + address);
        StringBuilder advertised = new StringBuilder(listeners);
        StringBuilder protocols = new StringBuilder("PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT");
        for (int i = 0; i < links.size(); i++) {
            listeners.append(",LINK" + i + "://127.0.0.1:" + links.get(i).brokerPort());
            advertised.append(",LINK" + i + "://127.0.0.1:" + links.get(i).port());
            protocols.append(",LINK" + i + ":PLAINTEXT");
        }
        s.put("listeners", listeners + ",CONTROLLER://127.0.0.1:" + controllerPort);
        s.put("advertised.listeners", advertised.toString());
        s.put("listener.security.protocol.map", protocols.toString());
        s.put("log.dirs", log.toString());
        // After kill -9 a restart waits until the old registration has expired; the default is 9 s.
        s.put("broker.session.timeout.ms", "3500");
        s.put("broker.heartbeat.interval.ms", "500");
        s.put("auto.create.topics.enable", "false");
        s.put("offsets.topic.replication.factor", "1");
        s.put("transaction.state.log.replication.factor", "1");
        s.put("transaction.state.log.min.isr", "1");
        s.put("message.max.bytes", Integer.toString(TopicPlan.RECORD_BYTES_MAX));
        s.put("replica.fetch.max.bytes", Integer.toString(TopicPlan.RECORD_BYTES_MAX));
        s.put("log.retention.ms", "-1");
        s.put("log.cleaner.dedupe.buffer.size", Integer.toString(4 << 20));
        s.put("log.index.size.max.bytes", Integer.toString(2 << 20));
        s.put("num.network.threads", "2");
        s.put("num.io.threads", "4");
        s.put("socket.send.buffer.bytes", Integer.toString(1 << 20));
        s.put("socket.receive.buffer.bytes", Integer.toString(1 << 20));
        return s;
    }

    private static void format(Path log) {
        if (Files.exists(log.resolve("meta.properties"))) {
            return;
        }
        try (PrintStream silent = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8)) {
            Files.createDirectories(log);
            new Formatter()
                    .setClusterId(Uuid.randomUuid().toString())
                    .setNodeId(1)
                    .setControllerListenerName("CONTROLLER")
                    .setMetadataLogDirectory(log.toString())
                    .setDirectories(List.of(log.toString()))
                    .setHasDynamicQuorum(false)
                    .setPrintStream(silent)
                    .run();
        } catch (Exception e) {
            throw new BrokerException("broker folder " + log + " cannot be made ready (" + FileFault.why(e) + ")", e);
        }
    }

    private static void requireFree(HostPort address) {
        try {
            InetAddress bind = InetAddress.getByName(address.host());
            if (bind.isAnyLocalAddress()) {
                throw new BrokerException(
                        "broker address " + address.host()
                                + ": clients cannot connect to it; name one address of this machine",
                        null);
            }
            new ServerSocket(address.port(), 1, bind).close();
        } catch (IOException e) {
            throw new BrokerException(
                    "broker address " + address + " cannot be used: " + e.getMessage()
                            + "; end the process that has it, or choose another port (ss -ltnp shows who)",
                    e);
        }
    }

    private static void requireRoom(Path dataDir) {
        try {
            if (!Files.isWritable(dataDir)) {
                throw new BrokerException("broker folder " + dataDir + " cannot be written: check its owner", null);
            }
            long freeBytes = Files.getFileStore(dataDir).getUsableSpace();
            if (freeBytes < FREE_BYTES_MIN) {
                throw new BrokerException(
                        "broker folder " + dataDir + " has " + (freeBytes >> 20) + " MiB free: must be at least "
                                + (FREE_BYTES_MIN >> 20) + " MiB; delete old runs",
                        null);
            }
        } catch (IOException e) {
            throw new BrokerException(
                    "broker folder " + dataDir + " cannot be used (" + FileFault.why(e)
                            + "): check its owner and free space",
                    e);
        }
    }

    /** Kafka ends the process without saying why in its last words; a full disk is the usual reason. */
    private static void reportHalts(Path dataDir) {
        Exit.setHaltProcedure((code, message) -> {
            long freeMib = dataDir.toFile().getUsableSpace() >> 20;
            String advice =
                    freeMib < FREE_MIB_SCARCE ? "the disk is full: make room, then start the run again" : message;
            LOG.error(
                    "broker ends after a fatal fault code={} folder={} free_mib={} {}", code, dataDir, freeMib, advice);
            Runtime.getRuntime().halt(code);
        });
    }

    private static int portIn(Path file) throws IOException {
        try {
            return HostPort.parse(file.toString(), Files.readString(file).strip())
                    .port();
        } catch (IllegalArgumentException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    private static int freePort(String host) throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName(host))) {
            return socket.getLocalPort();
        }
    }
}
