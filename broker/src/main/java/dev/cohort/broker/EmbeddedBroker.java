package dev.cohort.broker;

import dev.cohort.runtime.FileFault;
import dev.cohort.runtime.HostPort;
import dev.cohort.runtime.ParentWatch;
import dev.cohort.runtime.kafka.BrokerException;
import dev.cohort.runtime.kafka.BrokerFolder;
import dev.cohort.runtime.kafka.TopicPlan;
import dev.cohort.runtime.proxy.Link;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.common.utils.internals.Exit;
import org.apache.kafka.metadata.storage.Formatter;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A Kafka broker for one machine: Kafka's own broker and controller in one process. It runs in a separate process, because a
 * fatal fault inside Kafka ends the whole process.
 */
public final class EmbeddedBroker {
    /**
     * Flags for the broker's JVM. It mostly moves bytes, so the first compiler is enough; it halves the cost of a start (3 s of
     * processor time instead of 6). 256 MiB were enough in all measurements, including records of 20 MB.
     */
    public static final List<String> JVM_FLAGS = List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1");

    private static final long FREE_BYTES_MIN = 256L << 20;
    private static final long FREE_MIB_SCARCE = 64;
    private static final Logger LOG = LoggerFactory.getLogger(EmbeddedBroker.class);

    private EmbeddedBroker() {}

    /**
     * Runs a broker at the address of its {@link BrokerFolder} until the process is asked to end. Small data needs 64 MiB of
     * heap, heavy load 256 MiB.
     *
     * @throws BrokerException when the port is in use, or the folder cannot be written or has too little space
     */
    public static void run(Path dataDir, HostPort wanted) {
        run(dataDir, wanted, List.of());
    }

    /**
     * Like {@link #run(Path, HostPort)}, with a separate loopback listener for each link. The broker advertises the link to
     * clients that connect by it, so that all connections of a process pass through the proxy.
     */
    public static void run(Path dataDir, HostPort wanted, List<Link> links) {
        HostPort address = new BrokerFolder(dataDir).address(wanted);
        requireFree(address);
        requireRoom(dataDir);
        Path log = new BrokerFolder(dataDir).log();
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

    private static Properties settings(Path log, HostPort address, List<Link> links) {
        int controllerPort = BrokerFolder.anotherAddress(HostPort.LOOPBACK).port();
        Properties s = new Properties();
        s.put("process.roles", "broker,controller");
        s.put("node.id", "1");
        // Static voters may change their port with a restart.
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
        // After kill -9, a restart waits until the old registration has expired; the default is 9 s.
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
            throw new BrokerException("broker folder " + log + " cannot be formatted (" + FileFault.why(e) + ")", e);
        }
    }

    private static void requireFree(HostPort address) {
        try {
            InetAddress bind = InetAddress.getByName(address.host());
            if (bind.isAnyLocalAddress()) {
                throw new BrokerException(
                        "broker address " + address.host()
                                + ": clients cannot connect to it; choose one address of this machine",
                        null);
            }
            new ServerSocket(address.port(), 1, bind).close();
        } catch (IOException e) {
            throw new BrokerException(
                    "broker address " + address + " cannot be used: " + e.getMessage()
                            + "; end the process that uses it (ss -ltnp shows which), or choose another port",
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

    /** Logs why Kafka halts the process, which Kafka itself does not; a full disk is the usual reason. */
    private static void reportHalts(Path dataDir) {
        Exit.setHaltProcedure((code, message) -> {
            long freeMib = dataDir.toFile().getUsableSpace() >> 20;
            String advice =
                    freeMib < FREE_MIB_SCARCE ? "the disk is full: free space, then start the run again" : message;
            LOG.error(
                    "broker ends after a fatal fault code={} folder={} free_mib={} {}", code, dataDir, freeMib, advice);
            Runtime.getRuntime().halt(code);
        });
    }
}
