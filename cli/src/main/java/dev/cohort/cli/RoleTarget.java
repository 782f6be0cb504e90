package dev.cohort.cli;

import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.HostPort;
import dev.cohort.runtime.kafka.KafkaAddress;
import dev.cohort.runtime.session.RoleOptions;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What every process of a run is told: which run, where its broker is, where to serve HTTP. */
final class RoleTarget {
    @Option(names = "--run", required = true, paramLabel = "ID", description = "Id of the run.")
    private String run = "";

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

    String run() {
        return run;
    }

    KafkaAddress address() {
        return new KafkaAddress(
                broker.bootstrap()
                        .orElseThrow(() -> new CommandException(
                                ExitCode.USAGE, "--bootstrap is missing: give HOST:PORT of the broker of run " + run)),
                broker.client());
    }

    RoleOptions options(String name, long incarnation) {
        return new RoleOptions(address(), run, name, incarnation, HostPort.parse("--http", http), directory);
    }
}
