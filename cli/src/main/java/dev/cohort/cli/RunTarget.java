package dev.cohort.cli;

import dev.cohort.cli.launch.LaunchException;
import dev.cohort.cli.launch.RunDirectory;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.kafka.EmbeddedBroker;
import dev.cohort.runtime.kafka.KafkaAddress;
import dev.cohort.runtime.kafka.RunLog;
import java.time.Duration;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A run that goes on: on this machine by its directory, elsewhere by its id and broker. */
final class RunTarget {
    private static final Duration CONNECT = Duration.ofSeconds(5);
    private static final Duration ANSWER = Duration.ofSeconds(30);

    @Option(
            names = "--run",
            paramLabel = "RUN",
            description = "Id or directory of the run. Default: the newest one; with --bootstrap, an id is needed.")
    private Optional<String> run = Optional.empty();

    @Mixin
    private RunsFolder runs = new RunsFolder();

    @Mixin
    private BrokerOptions broker = new BrokerOptions();

    /** Where a run is. */
    record Place(String id, KafkaAddress address) {}

    /**
     * @throws LaunchException when there is no such run, or its broker does not answer
     */
    Place place() {
        Place place;
        if (broker.bootstrap().isPresent()) {
            String id = run.orElseThrow(() -> new LaunchException(
                    ExitCode.USAGE, "--bootstrap without --run: name the id of the run, as 'cohort run' printed it"));
            place = new Place(id, new KafkaAddress(broker.bootstrap().get(), broker.client()));
        } else {
            RunDirectory.About about = RunDirectory.find(runs.path(), run).about();
            place = new Place(about.id(), new KafkaAddress(about.bootstrap(), broker.client()));
        }
        if (!EmbeddedBroker.awaitReady(place.address(), CONNECT, ANSWER)) {
            throw new LaunchException(
                    ExitCode.UNAVAILABLE,
                    "run " + place.id() + ": its broker " + place.address() + " does not answer; "
                            + (broker.bootstrap().isPresent()
                                    ? "check the address and that it runs (--bootstrap)"
                                    : "the run is over (go on with it by 'cohort run --resume'), or the address is wrong"));
        }
        return place;
    }

    /** Connects to the log of a run that is there. */
    static RunLog connect(Place place) {
        RunLog log = RunLog.connect(place.address(), place.id(), "cli", (code, what, cause) -> {
            throw new LaunchException(code, what, cause);
        });
        if (!log.exists()) {
            log.close();
            throw new LaunchException(
                    ExitCode.USAGE, "run " + place.id() + ": broker " + place.address() + " knows no such run");
        }
        return log;
    }
}
