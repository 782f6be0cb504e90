package dev.cohort.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
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
import dev.cohort.study.view.LiveTable;
import dev.cohort.study.view.OutputFormat;
import dev.cohort.study.view.PeerView;
import dev.cohort.study.view.RunView;
import dev.cohort.study.view.StandingTable;
import dev.cohort.study.view.Standings;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Who is in a run. */
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
    private static final int EVENTS_SHOWN = 12;
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

    @Option(names = "--format", description = "text or json. Default: ${DEFAULT-VALUE}.")
    private OutputFormat format = OutputFormat.text;

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
                            "run " + place.id() + ": nothing of its log came for " + LIMIT.toSeconds()
                                    + " s; the machine or the broker is too busy, try again");
                }
                if (format == OutputFormat.json) {
                    System.out.println(observer.read(PeersCommand::json));
                } else {
                    observer.read(PeersCommand::lines).forEach(System.out::println);
                }
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
            if (format == OutputFormat.json) {
                System.out.println(worth.json());
            } else {
                worth.lines().forEach(System.out::println);
            }
        }
        return ExitCode.OK.code();
    }

    private static List<String> lines(RunView view) {
        List<String> lines = new ArrayList<>();
        LiveTable.rows(view).forEach(l -> lines.add(l.text()));
        lines.add("");
        lines.addAll(StandingTable.lines(view, System.currentTimeMillis()));
        lines.add("");
        lines.add("Step " + view.closedStep() + " of " + view.stepsPlanned() + " of run " + view.runId() + ".");
        List<RunView.Event> events = view.events();
        events.subList(Math.max(0, events.size() - EVENTS_SHOWN), events.size())
                .forEach(e -> lines.add(e.peer() + " " + e.what()));
        return lines;
    }

    private static String at(long ms) {
        return Instant.ofEpochMilli(ms).toString();
    }

    private static ObjectNode json(RunView view) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("run", view.runId()).put("step", view.closedStep()).put("steps_planned", view.stepsPlanned());
        ArrayNode peers = json.putArray("peers");
        for (PeerView peer : view.peers()) {
            ObjectNode one = peers.addObject();
            Optional<Standings.Held> standing = view.standings().of(peer.id());
            one.put("standing", StandingTable.standing(standing))
                    .put("since", standing.map(h -> at(h.sinceMs())).orElse(""))
                    .put("since_step", standing.map(Standings.Held::step).orElse(0L))
                    .put("why", standing.map(Standings.Held::why).orElse("not heard of yet"));
            one.put("id", peer.id().value())
                    .put("model", peer.model())
                    .put("device", peer.device())
                    .put("control", peer.control())
                    .put("contributes", view.contributing().contains(peer.id()))
                    .put(
                            "state",
                            peer.state()
                                    .map(s -> s.name().toLowerCase(Locale.ROOT))
                                    .orElse("unheard"))
                    .put("left", peer.left().map(l -> l.reason()).orElse(""))
                    .put("incarnation", peer.incarnation())
                    .put("step", peer.step())
                    .put("rejections", peer.rejections());
        }
        ObjectNode waiting = json.putObject("waiting");
        view.openSinceMs().ifPresent(since -> {
            waiting.put("step", view.closedStep() + 1).put("since", at(since));
            ArrayNode whom = waiting.putArray("for");
            view.awaited().forEach(p -> whom.add(p.id().value()));
        });
        ArrayNode events = json.putArray("events");
        view.events()
                .forEach(e -> events.addObject()
                        .put("step", e.step())
                        .put("peer", e.peer())
                        .put("what", e.what()));
        return json;
    }
}
