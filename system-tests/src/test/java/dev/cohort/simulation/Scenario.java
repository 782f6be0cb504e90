package dev.cohort.simulation;

import dev.cohort.augment.data.ImageData;
import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.PeerId;
import java.util.List;
import java.util.stream.Collectors;

/**
 * One simulated run.
 *
 * @param seed of everything that is drawn while it runs
 * @param hidden width of every student's hidden layer
 * @param second whether there is a second coordinator from the beginning, and of what kind
 * @param predictionPartitions peers may share one
 * @param faultsEndMs end of all faults
 */
record Scenario(
        long seed,
        Experiment experiment,
        ImageData data,
        int hidden,
        List<PeerPlan> peers,
        Second second,
        int predictionPartitions,
        Weather weather,
        List<Fault> faults,
        long faultsEndMs) {
    static final int PREFETCH = 2;
    /** Batches that may be in the log without an outcome. */
    static final int AHEAD_MAX = 1 + PREFETCH;

    static final long GONE_AFTER_MS = 150;
    static final long DEADLINE_MS = 200;
    static final long HEARTBEAT_MS = 40;
    static final long RESEND_MS = 60;
    static final long SETTLE_MS = 20;
    /** Patience of a standby coordinator. */
    static final long PATIENCE_MS = 80;

    static final long START_MS = 20_000;

    /** The coordinator beside the first one. */
    enum Second {
        NONE,
        /** Leads like the first one. */
        SPEAKS,
        /** Leads when the first one falls silent. */
        STANDS_BY
    }

    Scenario {
        peers = List.copyOf(peers);
        faults = List.copyOf(faults);
    }

    /** Number of planned batches. */
    long steps() {
        return experiment.run().steps().orElseThrow();
    }

    String method() {
        return experiment.method().name();
    }

    /** Whether each slot has its own view of a batch. */
    boolean ownViews() {
        return experiment.augment().perPeer() || experiment.mix().kind() == Experiment.Mix.Mixing.CUTMIX_PER_PEER;
    }

    /** Contributors the experiment names, in the order of their slots. */
    List<PeerId> seats() {
        return experiment.contributors().stream().map(Experiment.Peer::id).toList();
    }

    Scenario withFaults(List<Fault> others) {
        return new Scenario(
                seed, experiment, data, hidden, peers, second, predictionPartitions, weather, others, faultsEndMs);
    }

    /** One line per fact, to find the cause of a failure. */
    String describe() {
        Experiment e = experiment;
        return "seed " + seed + ": " + method() + ", mix " + e.mix().kind() + ", "
                + e.data().mode() + ", "
                + (ownViews() ? "own views, " : "") + steps() + " steps, "
                + e.pace().completion() + ", on_loss "
                + e.pace().onLoss() + ", "
                + "second coordinator: " + second + ", " + predictionPartitions + " partitions of predictions\n  "
                + weather + "\n  "
                + peers.stream().map(PeerPlan::toString).collect(Collectors.joining("\n  ")) + "\n  "
                + faults.stream().map(Fault::toString).collect(Collectors.joining("\n  "))
                + "\n  faults end at " + faultsEndMs + " ms";
    }
}
