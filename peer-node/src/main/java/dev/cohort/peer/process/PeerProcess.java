package dev.cohort.peer.process;

import dev.cohort.experiment.Experiment;
import dev.cohort.peer.Bookmarks;
import dev.cohort.peer.Heartbeats;
import dev.cohort.peer.Peer;
import dev.cohort.peer.PeerSetting;
import dev.cohort.peer.PeerStatus;
import dev.cohort.peer.checkpoint.SafetensorsStore;
import dev.cohort.peer.djl.ModelCatalog;
import dev.cohort.protocol.Admitted;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Command;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.Manifest;
import dev.cohort.protocol.PixelRenderer;
import dev.cohort.protocol.Positions;
import dev.cohort.protocol.Renderer;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.Topic;
import dev.cohort.runtime.Delivery;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.NodeVerticle;
import dev.cohort.runtime.ObservedNode;
import dev.cohort.runtime.Receiver;
import dev.cohort.runtime.RejectedRecord;
import dev.cohort.runtime.RoleProcess;
import dev.cohort.runtime.Status;
import dev.cohort.runtime.kafka.Following;
import dev.cohort.runtime.kafka.From;
import dev.cohort.runtime.session.RoleOptions;
import dev.cohort.runtime.session.RunSchedule;
import dev.cohort.runtime.session.Session;
import dev.cohort.runtime.session.TestImageTransfer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs a peer as a process: one student on one device. */
public final class PeerProcess {
    /** After which an unanswered message is sent again. */
    public static final long RESEND_MS = 2_000;

    /** Interval of heartbeats. */
    public static final long HEARTBEAT_MS = 500;

    private static final Logger LOG = LoggerFactory.getLogger(PeerProcess.class);
    private static final long INBOX_FULL_MS = 20;
    private static final int RENDERED_AHEAD_MAX = 4;
    private static final Duration TEST_IMAGES_LIMIT = Duration.ofMinutes(2);
    private static final Duration FLUSH_LIMIT = Duration.ofMinutes(1);
    private static final Set<Topic> FOLLOWED = EnumSet.of(Topic.BATCHES, Topic.OUTCOMES, Topic.MEMBERS, Topic.CONTROL);

    private PeerProcess() {}

    /** Where a peer starts. An existing checkpoint is always restored. */
    public enum Start {
        /** At the step that is open when the peer joins. */
        HEAD,
        /** At the first batch of the run. */
        BEGINNING,
        /** At the newest checkpoint, which must exist. */
        CHECKPOINT
    }

    /**
     * Runs until the peer has left or the process is asked to end.
     *
     * @param parts of other roles
     * @param newcomer a peer that the experiment does not name
     * @param dataPath path of the data on this machine; empty for the path in the experiment
     * @param access to the code of a network in a process of its own
     * @throws IllegalArgumentException when a checkpoint is required and none exists, or when the data cannot be read or is not
     *     that of the run
     */
    public static ExitCode run(
            RoleOptions options,
            PeerParts parts,
            Optional<Experiment.Peer> newcomer,
            Start start,
            Optional<Path> dataPath,
            CodeAccess access) {
        Session session = Session.open(options);
        Experiment experiment = session.experiment();
        Experiment.Peer self = newcomer.orElseGet(() -> named(experiment, options.name()));
        requireBatches(session, self);
        PrefetchingRenderer renderer = new PrefetchingRenderer(renderer(session, parts, dataPath), RENDERED_AHEAD_MAX);
        session.process().closeAtEnd(renderer);
        PeerParts.MethodNeeds needs = parts.needs(session.manifest(), experiment);
        StudentNetwork network = StudentNetwork.of(session.manifest(), experiment, self, needs.ownTeacher(), access);
        session.process().closeAtEnd(network);
        PeerSetting setting = setting(
                session.manifest(), experiment, options.incarnation(), self, network, needs, start == Start.HEAD);
        Path checkpoints = options.directory()
                .orElse(Path.of("runs", options.run()))
                .resolve("checkpoints")
                .resolve(self.id().value());
        SafetensorsStore store = new SafetensorsStore(
                checkpoints,
                experiment.recording().checkpointsKept(),
                network.about().metadata());
        Bookmarks bookmarks = new Bookmarks(store);
        Peer peer = new Peer(setting, network.learner(), renderer, bookmarks);
        logRestoredStep(peer, store, bookmarks);
        if (start == Start.CHECKPOINT && peer.status().restoredStep() == 0) {
            throw new IllegalArgumentException("peer " + self.id() + ": has no checkpoint in " + checkpoints
                    + "; name its run directory with --run-dir, or join with --from head or beginning");
        }
        return drive(session, options, peer, setting, renderer, bookmarks);
    }

    private static void logRestoredStep(Peer peer, SafetensorsStore store, Bookmarks bookmarks) {
        store.notes().forEach(note -> LOG.warn("{}", note));
        if (peer.status().restoredStep() > 0) {
            LOG.info(
                    "continues from a checkpoint peer={} step={} log={}",
                    peer.status().peer(),
                    peer.status().restoredStep(),
                    bookmarks.restored());
        }
    }

    /** The launcher has not checked the model of a newcomer. */
    private static void requireBatches(Session session, Experiment.Peer self) {
        int least = RunSchedule.rowsMin(session.experiment(), session.manifest().trainImages());
        boolean fits = ModelCatalog.find(self.model())
                .map(model -> model.rowsMin(session.manifest().image()) <= least)
                .orElse(true);
        if (!fits) {
            throw new IllegalArgumentException("model " + self.model() + ": cannot train on a batch of " + least
                    + " image, as this run has one at the end of each epoch; join with another --model");
        }
    }

    private static Renderer renderer(Session session, PeerParts parts, Optional<Path> dataPath) {
        return session.experiment().data().mode() == Experiment.Data.Delivery.PIXELS
                ? new PixelRenderer(TestImageTransfer.await(session.log(), TEST_IMAGES_LIMIT))
                : parts.renderer(session.manifest(), session.experiment(), dataPath);
    }

    private static ExitCode drive(
            Session session,
            RoleOptions options,
            Peer peer,
            PeerSetting setting,
            PrefetchingRenderer renderer,
            Bookmarks bookmarks) {
        RoleProcess process = session.process();
        NodeVerticle verticle = new NodeVerticle(NodeVerticle.Wiring.of(
                        options.name(),
                        new ObservedNode(options.name(), peer, process.registry()),
                        session.log().clock(),
                        session.log(),
                        process)
                .withStatus(() -> status(peer.status(), session.log().clock().getAsLong()))
                .withFinished(() -> peer.left().isPresent()));
        NodeVerticle heartbeats = new NodeVerticle(NodeVerticle.Wiring.of(
                options.name() + "-heartbeats",
                new Heartbeats(peer::status, HEARTBEAT_MS),
                session.log().clock(),
                session.log(),
                process));
        process.deploy(verticle);
        process.deploy(heartbeats);
        if (!process.supervised()) {
            process.onStop(() -> drain(verticle.inbox(), setting));
        }
        CompletableFuture<Integer> seat = new CompletableFuture<>();
        Following following = session.log()
                .follow(
                        followed(setting),
                        setting.slot().map(OptionalInt::of).orElse(OptionalInt.empty()),
                        From.at(bookmarks.restored()),
                        new RenderingAhead(verticle.inbox(), renderer, setting, seat, bookmarks));
        process.closeAtEnd(following);
        process.serve(options.http(), () -> session.notReady(following));
        if (setting.slot().isEmpty()) {
            var unused = seat.thenAccept(following::addSlot);
        }
        verticle.finished().thenRun(() -> {
            session.log().flush(FLUSH_LIMIT);
            Optional<String> trouble = peer.left().map(Left::reason).filter(r -> !isInOrder(r));
            trouble.ifPresent(reason -> System.err.println("cohort: peer " + setting.id() + " " + reason));
            process.exit(trouble.isEmpty() ? ExitCode.OK : ExitCode.LEFT);
        });
        return process.await();
    }

    private static Set<Topic> followed(PeerSetting setting) {
        EnumSet<Topic> topics = EnumSet.copyOf(FOLLOWED);
        if (setting.reads().stream().anyMatch(TensorName::isMap)) {
            topics.add(Topic.GRADIENTS);
        }
        return topics;
    }

    private static boolean isInOrder(String reason) {
        return reason.equals(Left.FINISHED) || reason.startsWith("drained");
    }

    /**
     * Drains the peer when the system ends this process, as an operator would. Not used under a launcher, which may end all its
     * processes and continue the run later.
     */
    private static void drain(Receiver inbox, PeerSetting setting) {
        Command command = Command.drain(setting.id(), setting.incarnation(), "its process was asked to end");
        Delivery delivery = new Delivery(command, setting.id().value(), Topic.CONTROL, 0, 0, 0, 1);
        while (!inbox.offer(delivery)) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(INBOX_FULL_MS));
        }
    }

    public static PeerSetting setting(
            Manifest manifest,
            Experiment experiment,
            long incarnation,
            Experiment.Peer self,
            StudentNetwork network,
            PeerParts.MethodNeeds needs,
            boolean fromHead) {
        int seat = experiment.contributors().indexOf(self);
        Optional<Integer> slot = self.control() ? Optional.of(0) : seat >= 0 ? Optional.of(seat) : Optional.empty();
        boolean always = experiment.recording().features() == Experiment.Recording.Features.ALWAYS;
        return new PeerSetting(
                self.id(),
                incarnation,
                self.model(),
                network.learner().device(),
                network.threads(),
                network.framework(),
                self.control() || !needs.distils(),
                slot,
                fromHead,
                self.control() ? List.of() : read(needs, always),
                experiment.wire().logits(),
                experiment.wire().features(),
                experiment.wire().maps(),
                manifest.dataDigest(),
                manifest.testLabels(),
                manifest.steps(),
                RunSchedule.learningRate(manifest, experiment),
                experiment.recording().checkpointSteps(),
                experiment.recording().evaluationLogits(),
                RESEND_MS);
    }

    private static List<String> read(PeerParts.MethodNeeds needs, boolean featuresAlways) {
        SortedSet<String> read = new TreeSet<>(needs.reads());
        if (featuresAlways) {
            read.add(TensorName.FEATURES);
        }
        return List.copyOf(read);
    }

    private static Experiment.Peer named(Experiment experiment, String name) {
        return experiment.peers().stream()
                .filter(p -> p.id().value().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("peer '" + name + "': the experiment names "
                        + experiment.peers().stream().map(Experiment.Peer::id).toList()
                        + "; give --model to join as a newcomer"));
    }

    private static Status status(PeerStatus peer, long nowMs) {
        Map<String, Object> figures = new TreeMap<>();
        figures.put("role", "peer");
        figures.put("peer", peer.peer().value());
        figures.put("incarnation", peer.incarnation());
        figures.put("model", peer.model());
        figures.put("device", peer.device());
        figures.put("state", peer.state().name());
        figures.put("step", peer.step());
        figures.put("restored_step", peer.restoredStep());
        figures.put("waiting_for", peer.waitingFor());
        figures.put("waiting_ms", peer.waitingFor().isEmpty() ? 0 : Math.max(0, nowMs - peer.waitingSinceMs()));
        figures.put("taught", peer.taught());
        figures.put("untaught", peer.untaught());
        figures.put("late", peer.late());
        figures.put("images_per_second", peer.figures().imagesPerSecond());
        figures.put("wait_share", peer.figures().waitShare());
        figures.put("cross_entropy", peer.figures().crossEntropy());
        figures.put("distillation", peer.figures().distillation());
        return new Status(figures);
    }

    /** Renders batches while the step thread is busy with the one before, and notes a newcomer's seat. */
    private record RenderingAhead(
            Receiver inbox,
            PrefetchingRenderer renderer,
            PeerSetting setting,
            CompletableFuture<Integer> seat,
            Bookmarks bookmarks)
            implements Receiver {
        @Override
        public boolean offer(Delivery delivery) {
            // Before the message is passed on: the step thread may write a checkpoint at once.
            bookmarks.seen(
                    new Positions.Place(delivery.topic(), delivery.partition()), delivery.offset(), delivery.message());
            boolean taken = inbox.offer(delivery);
            if (taken && delivery.message() instanceof Batch batch) {
                renderer.offer(batch, setting.slot().orElseGet(() -> seat.getNow(0)));
            } else if (taken
                    && delivery.message() instanceof Admitted admitted
                    && admitted.peer().equals(setting.id())
                    && !admitted.refused()) {
                seat.complete(admitted.slot());
            }
            return taken;
        }

        @Override
        public void caughtUp() {
            inbox.caughtUp();
        }

        @Override
        public void rejected(RejectedRecord record) {
            inbox.rejected(record);
        }
    }
}
