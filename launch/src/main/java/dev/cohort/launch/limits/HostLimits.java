package dev.cohort.launch.limits;

import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.Problems;
import dev.cohort.launch.LaunchPlan;
import dev.cohort.peer.djl.ModelCatalog;
import dev.cohort.peer.external.ExternalSetting;
import dev.cohort.protocol.Topic;
import dev.cohort.runtime.kafka.TopicPlan;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Checks whether a host has the minimum that the processes of a run need: memory, open files, disk space. The limits are lower
 * bounds, so that no run is refused that would have worked.
 */
public final class HostLimits {
    private static final long MIB = 1L << 20;

    /** Measured memory of an idle process, without what processes share. */
    private static final long LAUNCHER = 100 * MIB;

    private static final long BROKER = 150 * MIB;
    private static final long ROLE = 100 * MIB;
    private static final long PEER = 160 * MIB;

    /** A Python with PyTorch beside a peer; PyTorch 1.13 needs 114 MiB, 2.7 needs 223 MiB. */
    private static final long PYTORCH = 100 * MIB;

    /** Weight, momentum and gradient, four bytes each. */
    private static final long BYTES_OF_A_PARAMETER = 12;

    /** Files of a broker besides its class path, its partitions and its clients. */
    private static final long BROKER_FILES = 40;

    private static final long CONNECTIONS = 3;
    private static final long SEGMENT_BYTES = 64 * MIB;

    private final LaunchPlan plan;
    private final Experiment experiment;
    private final HostFigures host;
    private final Problems problems = new Problems();

    private HostLimits(LaunchPlan plan, HostFigures host) {
        this.plan = plan;
        this.experiment = plan.experiment();
        this.host = host;
    }

    /** Obstacles to the run, each with its figure and a remedy; a resource that the host does not report is not checked. */
    public static List<String> problems(LaunchPlan plan, HostFigures host) {
        HostLimits limits = new HostLimits(plan, host);
        limits.checkMemory();
        limits.checkFiles();
        limits.checkDisk();
        return limits.problems.found();
    }

    private boolean embedded() {
        return experiment.kafka().bootstrap().isEmpty();
    }

    private void checkMemory() {
        boolean recipe = experiment.data().mode() == Experiment.Data.Delivery.RECIPE;
        long peers = experiment.peers().stream()
                .mapToLong(peer -> (recipe ? plan.dataBytes() : 0) + network(peer))
                .sum();
        long all = LAUNCHER + (embedded() ? BROKER : 0) + 2 * ROLE + plan.dataBytes() + peers;
        host.memory()
                .ifPresent(there -> problems.require(
                        all <= there.bytesMax(),
                        "peers",
                        experiment.peers().size(),
                        "so few and small that all processes fit into " + mebibytes(there.bytesMax()) + " ("
                                + there.source() + "); they need at least " + mebibytes(all)
                                + ", of which the peers need " + mebibytes(peers)
                                + (recipe
                                        ? " (each with " + mebibytes(plan.dataBytes())
                                                + " of data, which data.mode=pixels would save)"
                                        : "")));
    }

    /** A peer with its network. How large a network of the user's own is, and what a learner of another kind needs, is unknown. */
    private long network(Experiment.Peer peer) {
        if (peer.hasOwnNetwork()) {
            return ROLE + (ExternalSetting.isProgram(peer.model()) ? 0 : PYTORCH);
        }
        return PEER
                + BYTES_OF_A_PARAMETER
                        * ModelCatalog.find(peer.model())
                                .map(architecture -> Footprint.parameters(architecture, plan.manifest()))
                                .orElse(0L);
    }

    /** The broker has the most files open: one per partition and one more for each full segment. */
    private void checkFiles() {
        if (!embedded()) {
            return;
        }
        TopicPlan topics = TopicPlan.of(experiment);
        long partitions =
                Stream.of(Topic.values()).mapToLong(topics::partitions).sum();
        long processes = experiment.peers().size() + 3L;
        long files = host.classPathFiles()
                + BROKER_FILES
                + partitions
                + CONNECTIONS * processes
                + plan.disk().log() / SEGMENT_BYTES;
        // Creating a topic opens further files for a moment.
        long needed = files + files / 10;
        host.openFilesMax()
                .ifPresent(there -> problems.require(
                        needed <= there,
                        "ulimit -n",
                        there,
                        "at least " + needed + " for the broker of this run, which has " + partitions
                                + " partitions (elastic.max) and a log of about "
                                + mebibytes(plan.disk().log())));
    }

    /**
     * Possible problems on this host, a line each. Checkpoints of evaluated networks are never deleted; since a run may be
     * stopped by hand long before its last epoch, space for all of them is not required.
     */
    public static List<String> notes(LaunchPlan plan, HostFigures host) {
        boolean embedded = plan.experiment().kafka().bootstrap().isEmpty();
        long needed = embedded ? plan.disk().all() : plan.disk().checkpoints();
        return host.freeBytes().stream()
                .filter(free -> free < needed)
                .mapToObj(free -> "the checkpoints of all epochs take about "
                        + mebibytes(plan.disk().checkpoints()) + ", and " + mebibytes(free) + " are free in "
                        + host.place() + ": stop the run in time, or name another disk with --runs")
                .toList();
    }

    private void checkDisk() {
        if (!embedded()) {
            return;
        }
        host.freeBytes()
                .ifPresent(
                        free -> problems.require(
                                plan.disk().log() <= free,
                                "run." + (experiment.run().steps().isPresent() ? "steps" : "epochs"),
                                experiment.run().steps().isPresent()
                                        ? Long.toString(experiment.run().steps().getAsLong())
                                        : Integer.toString(
                                                experiment.run().epochs().orElse(0)),
                                "so few that the log of the run fits into the " + mebibytes(free) + " free in "
                                        + host.place() + ": it takes about "
                                        + mebibytes(plan.disk().log())
                                        + "; or use another disk (--runs), record.evaluation_logits=false, or wire.logits=fp16"));
    }

    private static String mebibytes(long bytes) {
        return String.format(Locale.ROOT, "%,d MiB", (bytes + MIB - 1) / MIB);
    }
}
