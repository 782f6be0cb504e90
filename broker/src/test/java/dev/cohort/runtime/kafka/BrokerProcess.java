package dev.cohort.runtime.kafka;

import dev.cohort.broker.EmbeddedBroker;
import dev.cohort.runtime.HostPort;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The embedded broker in a separate JVM, which can be killed. */
final class BrokerProcess implements AutoCloseable {
    private final Path dataDir;
    private final KafkaAddress address;
    private Process process;

    private BrokerProcess(Path dataDir, KafkaAddress address, Process process) {
        this.dataDir = dataDir;
        this.address = address;
        this.process = process;
    }

    static BrokerProcess start(Path dataDir) throws IOException {
        KafkaAddress address = KafkaAddress.of(new BrokerFolder(dataDir).address(HostPort.LOOPBACK));
        BrokerProcess broker = new BrokerProcess(dataDir, address, launch(dataDir));
        broker.awaitReady();
        return broker;
    }

    KafkaAddress address() {
        return address;
    }

    /** Like {@code kill -9}. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    void restart() throws IOException {
        process = launch(dataDir);
        awaitReady();
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

    private void awaitReady() {
        if (!BrokerPing.awaitReady(address, Duration.ofSeconds(60))) {
            throw new IllegalStateException("broker not ready within 60 s, alive=" + process.isAlive());
        }
    }

    /** The main class of the broker's JVM. */
    public static void main(String[] args) {
        EmbeddedBroker.run(Path.of(args[0]), HostPort.LOOPBACK);
    }

    static Process launch(Path dataDir) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(EmbeddedBroker.JVM_FLAGS);
        command.add("-cp");
        command.add(System.getProperty("java.class.path"));
        command.add(BrokerProcess.class.getName());
        command.add(dataDir.toString());
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(new File(dataDir.toFile(), "broker.out"))
                .start();
    }
}
