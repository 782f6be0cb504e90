package dev.cohort.cli.launch;

import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.kafka.EmbeddedBroker;
import dev.cohort.runtime.kafka.KafkaAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** The broker of a run directory in a process of its own, without a run. */
public final class BrokerProcess implements AutoCloseable {
    private static final Duration START = Duration.ofSeconds(60);
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final KafkaAddress address;
    private final Supervisor supervisor;

    private BrokerProcess(KafkaAddress address, Supervisor supervisor) {
        this.address = address;
        this.supervisor = supervisor;
    }

    /**
     * Starts it where the directory says it is and waits until it answers.
     *
     * @throws LaunchException when it does not within a minute
     */
    public static BrokerProcess start(RunDirectory directory) {
        KafkaAddress address = KafkaAddress.of(directory.about().bootstrap());
        Supervisor supervisor = new Supervisor(directory.processes(), new Supervisor.Listener() {
            @Override
            public void died(String name, String reason, long delayMs) {}

            @Override
            public void givenUp(String name, String reason) {}

            @Override
            public void broken(String name, ExitCode code, String reason) {}
        });
        supervisor.start(Children.broker(
                Jvm.current(), directory.broker(), address.servers().get(0), Optional.empty()));
        if (!EmbeddedBroker.awaitReady(address, START)) {
            supervisor.close();
            throw new LaunchException(
                    ExitCode.UNAVAILABLE,
                    "the broker on " + address + " did not start within " + START.toSeconds() + " s: see "
                            + supervisor.log(Children.BROKER));
        }
        return new BrokerProcess(address, supervisor);
    }

    public KafkaAddress address() {
        return address;
    }

    /** Ends it as it should end, so that its files are whole. */
    @Override
    public void close() {
        supervisor.stop(List.of(Children.BROKER), PATIENCE);
        supervisor.close();
    }
}
