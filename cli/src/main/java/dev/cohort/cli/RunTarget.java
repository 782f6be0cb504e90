package dev.cohort.cli;

import dev.cohort.runtime.CommandException;
import dev.cohort.cli.launch.RunDirectory;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.kafka.BrokerPing;
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
            description = "Id or directory of the run. Default: the newest one; with --bootstrap, an id is needed.")
    private Optional<String> run = Optional.empty();

    @Mixin
    private RunsFolder runs = new RunsFolder();

    @Mixin
    private BrokerOptions broker = new BrokerOptions();

    /**
     * @throws CommandException when there is no such run, or its broker does not answer
     */
    RunPlace place() {
        RunPlace place;
        if (broker.bootstrap().isPresent()) {
            String id = run.orElseThrow(() -> new CommandException(
                    ExitCode.USAGE, "--bootstrap without --run: name the id of the run, as 'cohort run' printed it"));
            place = new RunPlace(id, new KafkaAddress(broker.bootstrap().get(), broker.client()));
        } else {
            RunDirectory directory = RunDirectory.find(runs.path(), run);
            place = new RunPlace(directory.id(), directory.address(broker.client()));
        }
        place.requireAnswer(ANSWER, LATE_ANSWER);
        return place;
    }

    /**
     * The directory of a run whose launcher works on this machine.
     *
     * @throws CommandException when there is none
     */
    RunDirectory launched() {
        if (broker.bootstrap().isPresent()) {
            throw new CommandException(
                    ExitCode.USAGE,
                    "--bootstrap: this works where the launcher of the run is, in its directory; from elsewhere use"
                            + " 'cohort join' and 'cohort drain'");
        }
        RunDirectory directory = RunDirectory.find(runs.path(), run);
        if (!RunDirectory.isHeld(directory.path())) {
            throw new CommandException(
                    ExitCode.USAGE,
                    "run " + directory.id() + ": no launcher works in " + directory.path()
                            + "; go on with it by 'cohort run --resume', or use 'cohort join' and 'cohort drain'");
        }
        return directory;
    }
}
