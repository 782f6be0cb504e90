package dev.cohort.launch;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cohort.experiment.Experiment;
import dev.cohort.peer.djl.ModelCatalog;
import dev.cohort.protocol.Command;
import dev.cohort.protocol.Manifest;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Standing;
import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.config.ExperimentYaml;
import dev.cohort.runtime.kafka.RunLog;
import dev.cohort.study.view.PeerView;
import dev.cohort.study.view.RunView;
import dev.cohort.study.view.Standings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Brings a run on this machine to a number of contributors: counts the present ones, then asks the launcher to start peers or
 * the coordinator to drain some.
 *
 * @param wanted contributors
 * @param model network of new peers; empty uses those of the experiment in turn
 */
public record Scaling(int wanted, Optional<String> model) {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    /**
     * What was requested.
     *
     * @param present the run before the request
     */
    public record Asked(RunDirectory directory, int wanted, ScalePlan plan, ScalePlan.Present present) {
        /** Torch threads of all peers on this machine afterwards. */
        public int torchThreads() {
            return present.torchThreads() + plan.torchThreads();
        }

        /** In words. */
        public String words() {
            if (!plan.start().isEmpty()) {
                return "starts "
                        + plan.start().stream()
                                .map(n -> n.id() + " (" + n.model() + ", torch threads: " + n.torchThreads() + ")")
                                .collect(Collectors.joining(", "));
            }
            return plan.drain().isEmpty()
                    ? "nothing to do"
                    : "drains "
                            + plan.drain().stream().map(PeerId::value).collect(Collectors.joining(", "))
                            + " after the current step";
        }
        /** As one JSON object. */
        public ObjectNode json() {
            ObjectNode json = JsonNodeFactory.instance
                    .objectNode()
                    .put("run", directory.id())
                    .put("contributors", present.contributors().size())
                    .put("wanted", wanted)
                    .put("torch_threads", torchThreads())
                    .put("cores", present.cores());
            ArrayNode started = json.putArray("started");
            plan.start()
                    .forEach(n -> started.addObject()
                            .put("id", n.id().value())
                            .put("model", n.model())
                            .put("torch_threads", n.torchThreads()));
            ArrayNode drained = json.putArray("drained");
            plan.drain().forEach(p -> drained.add(p.value()));
            return json;
        }
    }

    /**
     * Requests missing peers, or drains surplus ones.
     *
     * @throws CommandException when the run cannot be brought to that number
     */
    public Asked carryOut(RunDirectory directory, RunPlace place) throws InterruptedException, IOException {
        try (RunLog log = place.connect()) {
            Manifest manifest = log.awaitManifest(LIMIT);
            Experiment experiment = ExperimentYaml.read(manifest.experiment());
            RunView view = new RunView(place.id(), manifest, experiment);
            try (RunObserver observer = RunObserver.followMembers(log, view)) {
                requireCaughtUp(observer, place);
                List<String> models = models(manifest, experiment);
                // A concurrent command waits here, and then sees the newcomers of this one.
                try (Newcomers.Change change = Newcomers.lock(directory)) {
                    Newcomers before = change.before();
                    ScalePlan.Present present = observer.read(v -> present(v, before, directory));
                    ScalePlan plan = ScalePlan.of(wanted, experiment, present, models);
                    carryOut(plan, before, directory, place, observer);
                    return new Asked(directory, wanted, plan, present);
                }
            }
        }
    }

    private static void requireCaughtUp(RunObserver observer, RunPlace place) throws InterruptedException {
        if (!observer.awaitCaughtUp(LIMIT)) {
            throw new CommandException(
                    ExitCode.UNAVAILABLE,
                    "run " + place.id() + ": the broker sent no records for " + LIMIT.toSeconds()
                            + " s; the machine or the broker is too busy, try again");
        }
    }

    /** Networks that newcomers may have, in turn. */
    private List<String> models(Manifest manifest, Experiment experiment) {
        int widest = manifest.featureWidths().stream().max().orElse(1);
        if (model.isEmpty()) {
            // Seats that the experiment does not assign have the largest width.
            return experiment.contributors().stream()
                    .map(Experiment.Peer::model)
                    .filter(m -> ModelCatalog.find(m)
                            .filter(built -> built.featureWidth() == widest)
                            .isPresent())
                    .toList();
        }
        String name = model.get();
        if (ModelCatalog.find(name).isEmpty()) {
            throw new CommandException(ExitCode.USAGE, "model " + name + ": unknown; 'cohort models' lists the models");
        }
        int width = ModelCatalog.featureWidth(name);
        if (manifest.featureWidths().stream().noneMatch(w -> w == width)) {
            throw new CommandException(
                    ExitCode.USAGE,
                    "model " + name + ": has features of width " + width + ", the seats of the run require "
                            + manifest.featureWidths().stream()
                                    .distinct()
                                    .boxed()
                                    .toList()
                            + "; choose a model of one of these widths");
        }
        return List.of(name);
    }

    private static ScalePlan.Present present(RunView view, Newcomers newcomers, RunDirectory directory) {
        Set<String> dead = dead(directory);
        List<PeerId> contributors = new ArrayList<>();
        Set<PeerId> known = new TreeSet<>();
        int threads = 0;
        int each = view.experiment().threads().torchPerPeer().orElse(1);
        Set<PeerId> gone = new TreeSet<>();
        for (PeerView peer : view.peers()) {
            known.add(peer.id());
            boolean local = isNewcomer(newcomers, peer.id());
            if (peer.ended() || dead.contains(peer.id().value()) || leaves(view, peer.id())) {
                gone.add(peer.id());
            } else if (!local) {
                threads += isNamed(view, peer.id()) ? each : 0;
                contributors.addAll(peer.control() ? List.of() : List.of(peer.id()));
            }
        }
        // In the order of the requests; one that is starting may not have published anything yet.
        for (Newcomers.Newcomer newcomer : newcomers.peers()) {
            known.add(newcomer.id());
            if (!gone.contains(newcomer.id()) && !dead.contains(newcomer.id().value())) {
                contributors.add(newcomer.id());
                threads += newcomer.torchThreads();
            }
        }
        return new ScalePlan.Present(
                contributors, known, threads, Runtime.getRuntime().availableProcessors());
    }

    private static boolean isNewcomer(Newcomers newcomers, PeerId id) {
        return newcomers.peers().stream().anyMatch(n -> n.id().equals(id));
    }

    private static boolean isNamed(RunView view, PeerId id) {
        return view.experiment().peers().stream().anyMatch(p -> p.id().equals(id));
    }

    private static boolean leaves(RunView view, PeerId id) {
        return view.standings()
                .of(id)
                .map(Standings.Held::standing)
                .filter(s -> s == Standing.DRAINING || s == Standing.LEFT || s == Standing.SET_ASIDE)
                .isPresent();
    }

    /** Processes that the launcher has given up. */
    private static Set<String> dead(RunDirectory directory) {
        try {
            return ProcessRecord.all(directory.processes()).stream()
                    .filter(ProcessRecord::isGivenUp)
                    .map(ProcessRecord::name)
                    .collect(Collectors.toSet());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void carryOut(
            ScalePlan plan, Newcomers before, RunDirectory directory, RunPlace place, RunObserver observer) {
        for (PeerId peer : plan.drain()) {
            // A peer that has not published anything yet obeys the command on its first start.
            long start = observer.read(view -> view.peers().stream()
                    .filter(p -> p.id().equals(peer))
                    .mapToLong(PeerView::incarnation)
                    .findFirst()
                    .orElse(1));
            Asking.append(place, Command.drain(peer, Math.max(1, start), Asking.REASON));
        }
        before.changed(plan.start(), plan.drain()).write(directory);
    }
}
