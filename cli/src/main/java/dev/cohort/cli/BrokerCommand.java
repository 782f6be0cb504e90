package dev.cohort.cli;

import dev.cohort.broker.EmbeddedBroker;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.HostPort;
import dev.cohort.runtime.proxy.Links;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Runs the embedded broker in this process. */
@Command(
        name = "broker",
        hidden = true,
        mixinStandardHelpOptions = true,
        description = "Run the Kafka broker of a run.",
        footer = "    cohort broker --dir DIR")
final class BrokerCommand implements Callable<Integer> {
    @Option(names = "--dir", required = true, paramLabel = "DIR", description = "Folder for the broker's data.")
    private Path directory = Path.of("");

    @Option(names = "--host", paramLabel = "HOST", description = "Address to bind and advertise.")
    private String host = HostPort.LOOPBACK.host();

    @Option(names = "--port", paramLabel = "PORT", description = "Port. 0: the previous port, or a free one.")
    private int port;

    @Option(
            names = "--links",
            paramLabel = "FILE",
            description = "Links file, for processes that connect through a proxy.")
    private Optional<Path> links = Optional.empty();

    @Override
    public Integer call() {
        EmbeddedBroker.run(
                directory,
                new HostPort(host, port),
                links.map(file -> Links.read(file).all()).orElse(List.of()));
        return ExitCode.OK.code();
    }
}
