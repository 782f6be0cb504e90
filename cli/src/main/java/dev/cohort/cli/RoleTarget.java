package dev.cohort.cli;

import dev.cohort.launch.RunHandle;
import dev.cohort.launch.RunPlace;
import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.HostPort;
import dev.cohort.runtime.session.RoleOptions;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options of every process of a run: the run, its broker, and the address of its HTTP server. */
final class RoleTarget {
    @Option(
            names = "--run",
            paramLabel = "RUN",
            description = "Id or directory of the run, or ID@HOST:PORT. Default: the newest run. With --bootstrap,"
                    + " the id.")
    private Optional<String> run = Optional.empty();

    @Mixin
    private RunsFolder runs = new RunsFolder();

    @Mixin
    private BrokerOptions broker = new BrokerOptions();

    @Option(
            names = "--run-dir",
            paramLabel = "DIR",
            description = "Folder for files of this process. Default: runs/<id>.")
    private Optional<Path> directory = Optional.empty();

    @Option(
            names = "--http",
            paramLabel = "HOST:PORT",
            description = "Address that serves /health, /ready, /status and /metrics. Default: a free port of"
                    + " 127.0.0.1.")
    private String http = HostPort.LOOPBACK.toString();

    /** @throws CommandException when there is no such run */
    RunPlace place() {
        return RunHandle.find(run, runs.path(), broker.bootstrap(), broker.client())
                .place();
    }

    RoleOptions options(RunPlace place, String name, long incarnation) {
        return new RoleOptions(
                place.address(), place.id(), name, incarnation, HostPort.parse("--http", http), directory);
    }

    RoleOptions options(String name, long incarnation) {
        return options(place(), name, incarnation);
    }
}
