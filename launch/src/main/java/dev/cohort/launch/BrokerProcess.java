package dev.cohort.launch;

import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.kafka.KafkaAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Runs the broker of a run directory in its own process, without a run. */
public final class BrokerProcess implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final KafkaAddress address;
    private final Supervisor supervisor;

    private BrokerProcess(KafkaAddress address, Supervisor supervisor) {
        this.address = address;
        this.supervisor = supervisor;
    }

    /**
     * Starts the broker at the address recorded in the directory and waits until it answers.
     *
     * @throws CommandException when the broker ends instead, or does not answer for minutes
     */
    public static BrokerProcess start(RunDirectory directory) {
        KafkaAddress address = KafkaAddress.of(directory.about().bootstrap());
        CompletableFuture<CommandException> broken = new CompletableFuture<>();
        Supervisor supervisor = new Supervisor(directory.processes(), new Supervisor.Listener() {
            @Override
            public void died(String name, String reason, long delayMs) {}

            @Override
            public void givenUp(String name, String reason) {}

            @Override
            public void broken(String name, ExitCode code, String reason) {
                broken.complete(new CommandException(code, "the broker cannot be kept running: " + reason));
            }
        });
        supervisor.start(Children.broker(
                Jvm.current(), directory.broker(), address.servers().get(0), Optional.empty()));
        try {
            BrokerStart.await(address, supervisor.log(Children.BROKER), System.err::println, () -> {
                if (broken.isDone()) {
                    throw broken.join();
                }
            });
        } catch (InterruptedException e) {
            supervisor.close();
            Thread.currentThread().interrupt();
            throw new CommandException(ExitCode.FAILED, "interrupted while the broker was starting", e);
        } catch (CommandException e) {
            supervisor.close();
            throw e;
        }
        return new BrokerProcess(address, supervisor);
    }

    public KafkaAddress address() {
        return address;
    }

    /** Shuts the broker down in order, so that its files are complete. */
    @Override
    public void close() {
        supervisor.stop(List.of(Children.BROKER), PATIENCE);
        supervisor.close();
    }
}
