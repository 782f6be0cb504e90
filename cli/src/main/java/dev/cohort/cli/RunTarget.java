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
    private static final Duration ANSWER = Duration.ofSeconds(5);
    /** More for a broker that listens: on a busy machine a first answer takes its time. */
    private static final Duration LATE_ANSWER = Duration.ofSeconds(30);

    @Option(
            names = "--run",
            paramLabel = "RUN",
            description =
                    "Id or directory of the run. Default: the newest run. With --bootstrap, the id is" + " required.")
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
            RunDirectory directory = RunDirectory.find(runs.path(), run);
            place = new Place(directory.id(), directory.address(broker.client()));
        }
        requireAnswer(place, ANSWER, LATE_ANSWER);
        return place;
    }

    /**
     * The directory of a run whose launcher works on this machine.
     *
     * @throws LaunchException when there is none
     */
    RunDirectory launched() {
        if (broker.bootstrap().isPresent()) {
            throw new LaunchException(
                    ExitCode.USAGE,
                    "--bootstrap: this works where the launcher of the run is, in its directory; from elsewhere use"
                            + " 'cohort join' and 'cohort drain'");
        }
        RunDirectory directory = RunDirectory.find(runs.path(), run);
        if (!RunDirectory.isHeld(directory.path())) {
            throw new LaunchException(
                    ExitCode.USAGE,
                    "run " + directory.id() + ": no launcher works in " + directory.path()
                            + "; go on with it by 'cohort run --resume', or use 'cohort join' and 'cohort drain'");
        }
        return directory;
    }

    /**
     * @param soon how long a broker may be absent, as when it is being started again
     * @param late how much longer one may take that listens
     */
    static void requireAnswer(Place place, Duration soon, Duration late) {
        if (EmbeddedBroker.awaitReady(place.address(), soon)) {
            return;
        }
        String who = "run " + place.id() + ": its broker " + place.address();
        if (!EmbeddedBroker.accepts(place.address())) {
            throw new LaunchException(
                    ExitCode.UNAVAILABLE,
                    who + " does not answer; the run is over (go on with it by 'cohort run --resume'), or the address"
                            + " is wrong");
        }
        if (!EmbeddedBroker.awaitReady(place.address(), late)) {
            throw new LaunchException(
                    ExitCode.UNAVAILABLE,
                    who + " listens but did not answer within "
                            + soon.plus(late).toSeconds()
                            + " s; the machine is too busy (try again), or that is no Kafka broker");
        }
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
