package dev.cohort.cli;

import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.proxy.LinkProxy;
import dev.cohort.runtime.proxy.Links;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Runs the proxy between the processes of a run and its broker. */
@Command(
        name = "proxy",
        hidden = true,
        mixinStandardHelpOptions = true,
        description = "Run the proxy between the processes of a run and its broker.",
        footer = "    cohort proxy --links FILE")
final class ProxyCommand implements Callable<Integer> {
    @Option(names = "--links", required = true, paramLabel = "FILE", description = "Links file of the run.")
    private Path links = Path.of("");

    @Override
    public Integer call() throws InterruptedException {
        LinkProxy.run(Links.read(links));
        return ExitCode.OK.code();
    }
}
