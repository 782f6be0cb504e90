package dev.cohort.cli;

import dev.cohort.experiment.Experiment;
import dev.cohort.launch.RunObserver;
import dev.cohort.launch.RunPlace;
import dev.cohort.protocol.Manifest;
import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.RecordedLog;
import dev.cohort.runtime.config.ExperimentYaml;
import dev.cohort.runtime.kafka.ConsumedLog;
import dev.cohort.runtime.kafka.RunLog;
import dev.cohort.study.RecentWorth;
import dev.cohort.study.report.PeerWorth;
import dev.cohort.study.view.MembersReport;
import dev.cohort.study.view.RunView;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Shows the peers of a run. */
@Command(
        name = "peers",
        mixinStandardHelpOptions = true,
        description = {
            "Show the peers of a running run: state, step, who came and went.",
            "Also names the peers for which the open step waits. With --value: how much each peer is"
                    + " worth to the others."
        },
        footer = {
            "    cohort peers",
            "    cohort peers --value",
            "    cohort peers --run RUN --bootstrap HOST:PORT --format json"
        })
final class PeersCommand implements Callable<Integer> {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    /** Of a partition, read besides those that count: repeated and incomplete ones. */
    private static final long STEPS_ABOUT = 64;

    @Mixin
    private RunTarget target = new RunTarget();

    @Option(
            names = "--value",
            description = "Show instead how much each peer was worth to the ensemble in the latest steps, and"
                    + " which peers can be drained.")
    private boolean value;

    @Option(
            names = "--window-steps",
            paramLabel = "N",
            description = "Number of latest steps that --value covers. Default: ${DEFAULT-VALUE}.")
    private int windowSteps = 200;

    @Mixin
    private FormatOption output = new FormatOption();

    @Override
    public Integer call() throws InterruptedException {
        if (windowSteps < 1) {
            throw new CommandException(ExitCode.USAGE, "--window-steps " + windowSteps + ": must be at least 1");
        }
        RunPlace place = target.place();
        if (value) {
            return worth(place);
        }
        try (RunLog log = place.connect()) {
            Manifest manifest = log.awaitManifest(LIMIT);
            RunView view = new RunView(place.id(), manifest, ExperimentYaml.read(manifest.experiment()));
            try (RunObserver observer = RunObserver.followMembers(log, view)) {
                if (!observer.awaitCaughtUp(LIMIT)) {
                    throw new CommandException(
                            ExitCode.UNAVAILABLE,
                            "run " + place.id() + ": the broker sent no records for " + LIMIT.toSeconds()
                                    + " s; the machine or the broker is too busy, try again");
                }
                observer.read(members -> new MembersReport(members, System.currentTimeMillis()).in(output.format()))
                        .forEach(System.out::println);
            }
        }
        return ExitCode.OK.code();
    }

    private int worth(RunPlace place) {
        Experiment experiment;
        int classes;
        try (RunLog log = place.connect()) {
            Manifest manifest = log.awaitManifest(LIMIT);
            experiment = ExperimentYaml.read(manifest.experiment());
            classes = manifest.classes();
        }
        // Predictions of several peers share a partition, and some of them may be of steps without an outcome yet.
        long recordsMax =
                (windowSteps + STEPS_ABOUT) * Math.max(1, experiment.elastic().max());
        try (RecordedLog log = ConsumedLog.openEnd(place.address(), place.id(), recordsMax)) {
            PeerWorth worth = new PeerWorth(
                    place.id(),
                    RecentWorth.of(log, classes, windowSteps),
                    experiment.elastic().min());
            output.print(worth);
        }
        return ExitCode.OK.code();
    }
}
