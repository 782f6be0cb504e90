package dev.cohort.launch.local;

import dev.cohort.augment.BatchPlan;
import dev.cohort.augment.data.ImageData;
import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.OwnNetwork;
import dev.cohort.experiment.Problems;
import dev.cohort.peer.djl.ModelCatalog;
import dev.cohort.peer.external.ExternalLearner;
import dev.cohort.peer.external.ExternalSetting;
import dev.cohort.peer.process.StudentNetwork;
import dev.cohort.protocol.NodeFailure;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Networks in processes of their own, before a run begins: where their files are, and how wide their features are. */
public final class OwnNetworks {
    private static final Pattern FUNCTION = Pattern.compile("(?<file>.+\\.py):(?<function>[A-Za-z_][A-Za-z0-9_]*)");
    private static final Pattern FILE = Pattern.compile("(?<kind>file|learner):(?<file>.+)");

    private OwnNetworks() {}

    /** The same peers with whole paths: other processes, and a later start, may have another working directory. */
    static List<Experiment.Peer> withWholePaths(List<Experiment.Peer> peers) {
        return peers.stream()
                .map(peer -> peer.hasOwnNetwork()
                        ? peer.with(
                                withWholePath(peer.model()),
                                peer.own().withWeights(peer.own().weights().map(OwnNetworks::whole)))
                        : peer)
                .toList();
    }

    /** A model with the whole path of its file. */
    public static String withWholePath(String model) {
        Matcher function = FUNCTION.matcher(model);
        if (function.matches()) {
            return whole(function.group("file")) + ":" + function.group("function");
        }
        Matcher file = FILE.matcher(model);
        return file.matches() ? file.group("kind") + ":" + whole(file.group("file")) : model;
    }

    private static String whole(String file) {
        return Path.of(file).toAbsolutePath().normalize().toString();
    }

    /** The file that a model names, if it names one. */
    private static Optional<Path> file(String model) {
        Matcher function = FUNCTION.matcher(model);
        Matcher file = FILE.matcher(model);
        return function.matches()
                ? Optional.of(Path.of(function.group("file")))
                : file.matches() ? Optional.of(Path.of(file.group("file"))) : Optional.empty();
    }

    /** Checks what can be checked without starting an interpreter. */
    static void check(Experiment.Peer peer, String key, Problems problems) {
        problems.require(
                ExternalSetting.isExternal(peer.model()),
                key,
                peer.model(),
                ModelCatalog.choices()
                        + "; or a network of your own: FILE.py:FUNCTION, timm:NAME, torchvision:NAME, file:FILE.pt or"
                        + " learner:FILE.py");
        file(peer.model())
                .filter(file -> !Files.isRegularFile(file))
                .ifPresent(file -> problems.add(key, "model " + peer.model() + ": there is no file " + file));
    }

    /**
     * Starts each network once and takes the shapes of its features and maps, unless they are known.
     *
     * @param found takes in why a network cannot be a student
     * @param say takes in which network is being started
     */
    static Experiment measured(Experiment experiment, ImageData data, List<String> found, Consumer<String> say) {
        TreeMap<String, OwnNetwork> known = new TreeMap<>();
        List<Experiment.Peer> peers = new ArrayList<>();
        for (int i = 0; i < experiment.peers().size(); i++) {
            Experiment.Peer peer = experiment.peers().get(i);
            if (!peer.hasOwnNetwork() || peer.own().featureWidth().isPresent()) {
                peers.add(peer);
                continue;
            }
            String kind = peer.model() + " " + peer.own();
            try {
                if (!known.containsKey(kind)) {
                    say.accept("starting " + peer.model() + " to see what it returns ...");
                    known.put(kind, measured(experiment, peer, data));
                }
                OwnNetwork measured = known.get(kind);
                peers.add(peer.with(peer.model(), measured));
            } catch (IllegalArgumentException | IllegalStateException | NodeFailure e) {
                found.add("peers." + i + ".model: " + e.getMessage());
                peers.add(peer);
            }
        }
        return experiment.withPeers(peers);
    }

    private static OwnNetwork measured(Experiment experiment, Experiment.Peer peer, ImageData data) {
        ExternalSetting setting = StudentNetwork.setting(
                new StudentNetwork.Input(data.shape(), data.classes(), data.normalisation()),
                BatchPlan.of(experiment, data).steps(),
                experiment,
                peer);
        try (ExternalLearner learner = ExternalLearner.start(setting, StudentNetwork.interpreter(peer.own()))) {
            return peer.own().measured(learner.featureWidth(), learner.mapShapes());
        }
    }
}
