package dev.cohort.cli;

import dev.cohort.launch.RunHandle;
import dev.cohort.runtime.CommandException;
import dev.cohort.study.report.OpenRun;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** A run to be studied from its log: the files of its own broker, or the topics of a Kafka cluster. */
public final class RecordedRun {
    @Parameters(
            arity = "0..1",
            paramLabel = "RUN",
            description = "Id or directory of the run, an archive of it, or ID@HOST:PORT. Default: the newest run.")
    private Optional<String> run = Optional.empty();

    @Mixin
    private RunsFolder runs = new RunsFolder();

    @Mixin
    private BrokerOptions broker = new BrokerOptions();

    /**
     * Opens the log of the run. Nothing is written, and no broker is started.
     *
     * @throws CommandException when there is no such run or its log cannot be read
     */
    OpenRun open() {
        return open(run, runs, broker);
    }

    /**
     * Opens a run by name.
     *
     * @param run id, directory, archive or ID@HOST:PORT; empty for the newest run
     * @throws CommandException when there is no such run or its log cannot be read
     */
    static OpenRun open(Optional<String> run, RunsFolder runs, BrokerOptions broker) {
        return RunHandle.find(run, runs.path(), broker.bootstrap(), broker.client())
                .open();
    }
}
