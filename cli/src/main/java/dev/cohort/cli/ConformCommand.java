package dev.cohort.cli;

import dev.cohort.launch.RunDirectory;
import dev.cohort.launch.RunHandle;
import dev.cohort.launch.conform.Rehearsal;
import dev.cohort.protocol.PeerId;
import dev.cohort.runtime.ExitCode;
import dev.cohort.study.conform.ConformReport;
import dev.cohort.study.report.OpenRun;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Judges whether a peer keeps the protocol. */
@Command(
        name = "conform",
        mixinStandardHelpOptions = true,
        description = {
            "Judge whether a peer keeps the protocol (PROTOCOL.md).",
            "With --run, reads the log of a finished or running run. Without it, starts a small run of its own on this"
                    + " machine, waits until the peer has joined, provokes what a normal run does not show, asks the peer"
                    + " to leave, and judges it by the same rules."
        },
        footer = {"    cohort conform --peer mine --run RUN", "    cohort conform --peer mine --format json"},
        exitCodeList = {
            "0:No rule is broken",
            "1:A rule is broken, or the peer did not take part",
            ExitText.USAGE,
            ExitText.UNAVAILABLE,
            ExitText.BUG,
            ExitText.FILE
        })
final class ConformCommand implements Callable<Integer> {
    @Option(names = "--peer", required = true, paramLabel = "ID", description = "Id of the peer.")
    private String peer = "";

    @Option(
            names = "--run",
            paramLabel = "RUN",
            description = "Id or directory of a run, an archive of it, or ID@HOST:PORT. Default: a new run.")
    private Optional<String> run = Optional.empty();

    @Mixin
    private RunsFolder runs = new RunsFolder();

    @Mixin
    private BrokerOptions broker = new BrokerOptions();

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "Set a key of the new run's experiment, such as method.name=one. Repeatable.")
    private List<String> settings = new ArrayList<>();

    @Option(
            names = "--patience",
            paramLabel = "S",
            description = "Seconds that the peer may take to join the new run, and then for a few steps. Default:"
                    + " ${DEFAULT-VALUE}.")
    private long patienceS = 300;

    @Mixin
    private FormatOption output = new FormatOption();

    @Override
    public Integer call() {
        PeerId id = new PeerId(peer);
        if (run.isPresent()) {
            return judged(id, RunHandle.find(run, runs.path(), broker.bootstrap(), broker.client()));
        }
        Rehearsal rehearsal = new Rehearsal(id, patienceS, line -> System.err.println("conform: " + line));
        RunDirectory directory = rehearsal.play(runs.path(), settings);
        int code = judged(id, RunHandle.of(directory));
        rehearsal.failure().ifPresent(why -> System.err.println("cohort: " + why));
        return rehearsal.failure().isPresent() ? ExitCode.FAILED.code() : code;
    }

    private int judged(PeerId id, RunHandle handle) {
        try (OpenRun opened = handle.open()) {
            ConformReport report = ConformReport.of(id, opened);
            output.print(report);
            return (report.failed() == 0 && report.seen() ? ExitCode.OK : ExitCode.FAILED).code();
        }
    }
}
