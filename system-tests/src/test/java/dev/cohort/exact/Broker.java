package dev.cohort.exact;

import dev.cohort.broker.EmbeddedBroker;
import dev.cohort.runtime.HostPort;
import dev.cohort.runtime.ParentWatch;
import dev.cohort.runtime.kafka.BrokerFolder;
import dev.cohort.runtime.kafka.BrokerPing;
import dev.cohort.runtime.kafka.KafkaAddress;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** The embedded broker in a JVM of its own, which ends with this one. */
final class Broker implements AutoCloseable {
    private static final Duration READY_LIMIT = Duration.ofSeconds(60);

    private final KafkaAddress address;
    private final Process process;

    private Broker(KafkaAddress address, Process process) {
        this.address = address;
        this.process = process;
    }

    static Broker start(Path dataDir) throws IOException {
        KafkaAddress address = KafkaAddress.of(new BrokerFolder(dataDir).address(HostPort.LOOPBACK));
        ProcessBuilder builder = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        Broker.class.getName(),
                        dataDir.toString())
                .redirectErrorStream(true)
                .redirectOutput(dataDir.resolve("broker.out").toFile());
        builder.environment().put(ParentWatch.SUPERVISED, "1");
        Broker broker = new Broker(address, builder.start());
        if (!BrokerPing.awaitReady(address, READY_LIMIT)) {
            broker.close();
            throw new IllegalStateException("broker not ready within " + READY_LIMIT + ", see broker.out");
        }
        return broker;
    }

    /** What runs in the broker's JVM. */
    public static void main(String[] args) {
        EmbeddedBroker.run(Path.of(args[0]), HostPort.LOOPBACK);
    }

    KafkaAddress address() {
        return address;
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
