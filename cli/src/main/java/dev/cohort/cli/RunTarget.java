package dev.cohort.cli;

import dev.cohort.launch.RunDirectory;
import dev.cohort.launch.RunHandle;
import dev.cohort.launch.RunPlace;
import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import java.time.Duration;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A running run: on this machine by its directory, elsewhere by its id and broker. */
final class RunTarget {
    private static final Duration ANSWER = Duration.ofSeconds(5);
    /** Additional limit for a broker that listens: on a busy machine a first answer is slow. */
    private static final Duration LATE_ANSWER = Duration.ofSeconds(30);

    @Option(
            names = "--run",
            paramLabel = "RUN",
            description = "Id or directory of the run, or ID@HOST:PORT. Default: the newest run.")
    private Optional<String> run = Optional.empty();

    @Mixin
    private RunsFolder runs = new RunsFolder();

    @Mixin
    private BrokerOptions broker = new BrokerOptions();

    /**
     * @throws CommandException when there is no such run, or its broker does not answer
     */
    RunPlace place() {
        RunPlace place = RunHandle.find(run, runs.path(), broker.bootstrap(), broker.client())
                .place();
        place.requireAnswer(ANSWER, LATE_ANSWER);
        return place;
    }

    /**
     * The directory of a run whose launcher runs on this machine.
     *
     * @throws CommandException when no launcher holds it
     */
    RunDirectory launched() {
        if (broker.bootstrap().isPresent()) {
            throw new CommandException(
                    ExitCode.USAGE,
                    "--bootstrap: this command works only on the machine of the launcher; elsewhere use"
                            + " 'cohort join' and 'cohort drain'");
        }
        RunDirectory directory = RunDirectory.find(runs.path(), run);
        if (!RunDirectory.isHeld(directory.path())) {
            throw new CommandException(
                    ExitCode.USAGE,
                    "run " + directory.id() + ": has no launcher at work in " + directory.path()
                            + "; continue the run with 'cohort run --resume', or use 'cohort join' and 'cohort drain'");
        }
        return directory;
    }
}
