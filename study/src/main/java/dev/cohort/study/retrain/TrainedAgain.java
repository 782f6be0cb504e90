package dev.cohort.study.retrain;

import dev.cohort.augment.data.ImageData;
import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.Newcomer;
import dev.cohort.experiment.OwnNetwork;
import dev.cohort.peer.djl.DeviceChoice;
import dev.cohort.peer.djl.ModelCatalog;
import dev.cohort.peer.djl.TorchEngine;
import dev.cohort.peer.process.CodeAccess;
import dev.cohort.protocol.Joining;
import dev.cohort.protocol.NodeFailure;
import dev.cohort.protocol.Topic;
import dev.cohort.study.report.OpenRun;
import dev.cohort.study.retrain.PeerReplay.Seat;
import dev.cohort.study.view.ProgressLines;
import dev.cohort.tensor.Digest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The result of training a peer again from the log of its run.
 *
 * @param recorded digest of the weights that it published when it left
 * @param again digest of the weights trained again; empty if that was impossible
 * @param why it was impossible; empty if it was possible
 * @param foreign whether this version of Cohort does not have its network, so it cannot be trained here
 */
public record TrainedAgain(String peer, Digest recorded, Optional<Digest> again, String why, boolean foreign) {
    public boolean equal() {
        return again.equals(Optional.of(recorded));
    }

    /** Whether the weights are not verified: they differ, or could not be trained again although the network is known. */
    public boolean wrong() {
        return !equal() && !foreign;
    }

    private static TrainedAgain not(LastStart start, String why, boolean foreign) {
        return new TrainedAgain(start.peer().value(), start.result().weights(), Optional.empty(), why, foreign);
    }

    /** The result in one sentence. */
    public String sentence() {
        if (foreign) {
            return "Weights of " + peer + ": " + why + ".";
        }
        return "Weights of " + peer + " trained again: "
                + (equal()
                        ? "equal (" + recorded.shortHex() + ")."
                        : again.map(other -> "DIFFERENT: " + other.shortHex() + ", recorded: " + recorded.shortHex()
                                        + ". Another kind of processor, or another number of threads?")
                                .orElse(why + "."));
    }

    /**
     * Trains all peers that published weights when they left, one after the other, each with as many threads as in the run: those
     * of the experiment, and newcomers that trained a step.
     *
     * @param access to the code of networks in processes of their own
     * @param progress prints the progress
     */
    public static List<TrainedAgain> all(OpenRun opened, ImageData data, CodeAccess access, ProgressLines progress) {
        // PyTorch's engine reads it when the first peer is created.
        opened.experiment()
                .threads()
                .torchPerPeer()
                .ifPresent(n -> System.setProperty(TorchEngine.THREADS, Integer.toString(n)));
        PeerReplay replay = new PeerReplay(opened.log(), opened.manifest(), opened.experiment(), data, access);
        List<LastStart> starts = LastStart.all(reader -> opened.each(Topic.MEMBERS, reader));
        List<TrainedAgain> trained = new ArrayList<>();
        for (Experiment.Peer named : opened.experiment().peers()) {
            starts.stream()
                    .filter(start -> start.peer().equals(named.id()))
                    .forEach(start -> trained.add(named(replay, start, named, progress)));
        }
        for (LastStart start : starts) {
            boolean newcomer = opened.experiment().peers().stream()
                    .noneMatch(named -> named.id().equals(start.peer()));
            if (newcomer
                    && start.result().stepsTrained()
                            >= Math.max(1, start.result().firstStep())) {
                trained.add(newcomer(replay, start, opened.experiment(), progress));
            }
        }
        return trained;
    }

    private static TrainedAgain named(
            PeerReplay replay, LastStart start, Experiment.Peer named, ProgressLines progress) {
        return start.joining()
                .map(Joining::model)
                .filter(model -> !model.equals(named.model()))
                .map(model -> not(
                        start,
                        "foreign, cannot be trained again: it joined as " + model + ", the experiment has "
                                + named.model(),
                        true))
                .or(() -> code(start, named.hasOwnNetwork(), replay))
                .orElseGet(() -> again(replay, start, named, Optional.empty(), progress));
    }

    private static Optional<TrainedAgain> code(LastStart start, boolean ownNetwork, PeerReplay replay) {
        return ownNetwork && !replay.mayRunCode()
                ? Optional.of(not(
                        start,
                        "not trained again: its model is code that the log names, which would run with your rights;"
                                + " --allow-python runs it",
                        true))
                : Optional.empty();
    }

    private static TrainedAgain newcomer(
            PeerReplay replay, LastStart start, Experiment experiment, ProgressLines progress) {
        Optional<String> strange = start.joining()
                .map(Joining::model)
                .filter(model -> ModelCatalog.find(model).isEmpty());
        if (strange.isPresent()) {
            String why = OwnNetwork.isNamedBy(strange.get())
                    ? "cannot be trained again: it joined with its own network " + strange.get()
                            + ", and the log does not record its Python and its initial weights"
                    : "foreign, cannot be trained again: this version of Cohort has no model " + strange.get();
            return not(start, why, true);
        }
        return obstacle(start).map(why -> not(start, why, false)).orElseGet(() -> {
            Joining joining = start.joining().orElseThrow();
            Seat seat = new Seat(start.slot().orElseThrow(), start.result().firstStep());
            return again(
                    replay,
                    start,
                    Newcomer.of(experiment, start.peer(), joining.model(), joining.device()),
                    Optional.of(seat),
                    progress);
        });
    }

    /** Why a newcomer cannot be trained again, if it cannot. */
    private static Optional<String> obstacle(LastStart start) {
        if (start.joining().isEmpty() || start.slot().isEmpty()) {
            return Optional.of("the log has no record of how it joined");
        }
        Joining joining = start.joining().get();
        if (start.result().firstStep() == 0) {
            return Optional.of("the log does not record its first step; an older version of Cohort wrote it");
        } else if (start.brought()) {
            return Optional.of("it joined with weights of " + joining.trainedSteps()
                    + " steps that it did not train in this run, so they cannot be computed from the log");
        }
        DeviceChoice device = DeviceChoice.parse(joining.device());
        int gpus = TorchEngine.start().gpus();
        return device.kind() == DeviceChoice.Kind.CUDA && device.index() >= gpus
                ? Optional.of("it computed on " + device + ", and PyTorch sees no such device on this machine")
                : Optional.empty();
    }

    private static TrainedAgain again(
            PeerReplay replay, LastStart start, Experiment.Peer peer, Optional<Seat> seat, ProgressLines progress) {
        start.joining().ifPresent(joining -> {
            if (peer.hasOwnNetwork()) {
                System.setProperty(TorchEngine.THREADS, Integer.toString(joining.torchThreads()));
            } else {
                TorchEngine.start().use(joining.torchThreads());
            }
        });
        long last = start.result().stepsTrained();
        Optional<Digest> again;
        try {
            again = replay.weights(peer, seat, last, progress.steps(peer.id() + " trains again: ", last));
        } catch (IllegalArgumentException | IllegalStateException | NodeFailure e) {
            if (!peer.hasOwnNetwork()) {
                throw e;
            }
            // What it needs is no part of this program, and the other peers can be trained all the same.
            return not(start, "not trained again: " + e.getMessage(), true);
        }
        return new TrainedAgain(
                peer.id().value(), start.result().weights(), again, again.isPresent() ? "" : replay.whyShort(), false);
    }
}
