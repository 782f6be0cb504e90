package dev.cohort.coordinator.process;

import dev.cohort.coordinator.Coordinator;
import dev.cohort.coordinator.CoordinatorStatus;
import dev.cohort.coordinator.SnapshotPositions;
import dev.cohort.coordinator.follow.CoordinatorSetting;
import dev.cohort.coordinator.speak.Standby;
import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.Manifest;
import dev.cohort.protocol.Node;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Positions;
import dev.cohort.protocol.StepOffsets;
import dev.cohort.protocol.Topic;
import dev.cohort.runtime.Delivery;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.NodeVerticle;
import dev.cohort.runtime.ObservedNode;
import dev.cohort.runtime.Receiver;
import dev.cohort.runtime.RejectedRecord;
import dev.cohort.runtime.Status;
import dev.cohort.runtime.kafka.Following;
import dev.cohort.runtime.kafka.From;
import dev.cohort.runtime.session.RoleOptions;
import dev.cohort.runtime.session.RunSchedule;
import dev.cohort.runtime.session.Session;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The coordinator's process. */
public final class CoordinatorProcess {
    private static final Logger LOG = LoggerFactory.getLogger(CoordinatorProcess.class);
    private static final long RESEND_MS = 2_000;
    private static final Set<Topic> FOLLOWED = EnumSet.of(
            Topic.BATCHES, Topic.PREDICTIONS, Topic.OUTCOMES, Topic.MEMBERS, Topic.CONTROL, Topic.EVALUATIONS);

    private CoordinatorProcess() {}

    /** Runs until the process is asked to end. */
    public static ExitCode run(RoleOptions options) {
        Session session = Session.open(options);
        Begun begun = begin(options.name(), session);
        return run(options, session, begun, begun.node(), begun.coordinator()::finished, figures -> {});
    }

    /**
     * Stands by until the process is asked to end: leads when due messages are not published by another coordinator.
     *
     * @param patienceMs how long a due message may stay unpublished
     */
    public static ExitCode standBy(RoleOptions options, long patienceMs) {
        Session session = Session.open(options);
        Begun begun = begin(options.name(), session);
        Standby standby = new Standby(begun.node(), options.name(), patienceMs);
        BooleanSupplier finished = () -> begun.coordinator().finished() && standby.nothingDue();
        return run(options, session, begun, standby, finished, figures -> {
            figures.put("leads", standby.leads());
            figures.put("takeovers", standby.takeovers());
        });
    }

    /**
     * A coordinator that has read no message yet.
     *
     * @param node the coordinator, with log positions in its snapshots
     * @param offsets must see every message that is read
     * @param snapshotStep step of the snapshot it continues from, 0 for the beginning
     * @param snapshotsPassedOver number of newer snapshots that the log does not confirm
     */
    private record Begun(
            Coordinator coordinator, Node node, StepOffsets offsets, long snapshotStep, int snapshotsPassedOver) {}

    private static Begun begin(String name, Session session) {
        CoordinatorSetting setting = setting(name, session.manifest(), session.experiment());
        Teacher teacher = RunTeacher.of(session.manifest(), session.experiment());
        SnapshotSearch.Found found = setting.snapshotSteps() == 0
                ? new SnapshotSearch.Found(Optional.empty(), List.of())
                : new SnapshotSearch(session.log(), followed(session.manifest())).newest();
        found.passedOver().forEach(why -> LOG.warn("skips a snapshot of the teacher: {}", why));
        found.from()
                .ifPresent(s -> LOG.info(
                        "continues from a snapshot of the teacher step={} state={} log={}",
                        s.step(),
                        s.hash().shortHex(),
                        s.positions()));
        StepOffsets offsets = new StepOffsets();
        offsets.begin(found.positions());
        Coordinator coordinator = found.from()
                .map(s -> new Coordinator(setting, teacher, s))
                .orElseGet(() -> new Coordinator(setting, teacher));
        return new Begun(
                coordinator,
                new SnapshotPositions(coordinator, offsets),
                offsets,
                coordinator.applied(),
                found.passedOver().size());
    }

    private static ExitCode run(
            RoleOptions options,
            Session session,
            Begun begun,
            Node node,
            BooleanSupplier finished,
            Consumer<Map<String, Object>> furtherFigures) {
        NodeVerticle verticle = new NodeVerticle(NodeVerticle.Wiring.of(
                        options.name(),
                        new ObservedNode(options.name(), node, session.process().registry()),
                        session.log().clock(),
                        session.log(),
                        session.process())
                .withStatus(() -> {
                    Map<String, Object> figures = figures(
                            begun.coordinator().status(session.log().clock().getAsLong()));
                    figures.put("snapshot_step", begun.snapshotStep());
                    figures.put("snapshots_passed_over", begun.snapshotsPassedOver());
                    furtherFigures.accept(figures);
                    return new Status(figures);
                })
                .withFinished(finished));
        session.process().deploy(verticle);
        Following following = session.log()
                .follow(
                        followed(session.manifest()),
                        OptionalInt.empty(),
                        From.at(begun.offsets().began()),
                        new Noting(verticle.inbox(), begun.offsets()));
        session.process().closeAtEnd(following);
        session.process().serve(options.http(), () -> session.notReady(following));
        verticle.finished().thenRun(session::endWell);
        return session.process().await();
    }

    /** Notes the log position of each message before it is delivered. */
    private record Noting(Receiver inbox, StepOffsets offsets) implements Receiver {
        @Override
        public boolean offer(Delivery delivery) {
            // Before the delivery, because the step thread may take a snapshot at once.
            offsets.seen(
                    new Positions.Place(delivery.topic(), delivery.partition()), delivery.offset(), delivery.message());
            return inbox.offer(delivery);
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

    private static Set<Topic> followed(Manifest manifest) {
        EnumSet<Topic> topics = EnumSet.copyOf(FOLLOWED);
        if (!manifest.maps().bySlot().isEmpty()) {
            topics.add(Topic.MAPS);
        }
        return topics;
    }

    private static CoordinatorSetting setting(String name, Manifest manifest, Experiment experiment) {
        List<PeerId> seats =
                experiment.contributors().stream().map(Experiment.Peer::id).toList();
        Set<PeerId> observers = experiment.peers().stream()
                .filter(Experiment.Peer::control)
                .map(Experiment.Peer::id)
                .collect(Collectors.toSet());
        return new CoordinatorSetting(
                name,
                seats,
                observers,
                experiment.elastic(),
                manifest.classes(),
                manifest.featureWidths(),
                manifest.maps(),
                manifest.dataDigest(),
                manifest.testLabels(),
                manifest.validationLabels().size(),
                experiment.pace(),
                manifest.forkedAtStep(),
                experiment.run().batchSize(),
                manifest.steps(),
                RunSchedule.learningRate(manifest, experiment),
                RESEND_MS,
                experiment.recording().snapshotSteps(),
                experiment.recording().evaluationLogits());
    }

    private static Map<String, Object> figures(CoordinatorStatus status) {
        Map<String, Object> figures = new TreeMap<>();
        figures.put("role", "coordinator");
        figures.put("step", status.applied());
        figures.put(
                "waiting_for", status.waitingFor().stream().map(PeerId::value).toList());
        figures.put("waiting_ms", status.waitingMs());
        figures.put("waiting_because", status.waitingBecause());
        figures.put("paused", status.paused());
        figures.put("aborted", status.aborted());
        figures.put("targets", status.targets());
        figures.put("skipped", status.skipped());
        figures.put("teacher_state", status.teacherState().hex());
        Map<String, Object> rejections = new TreeMap<>();
        status.rejections().forEach((reason, count) -> rejections.put(reason.name(), count));
        figures.put("rejections", rejections);
        figures.put(
                "members",
                status.members().stream()
                        .map(m -> Map.<String, Object>of(
                                "peer", m.peer().value(),
                                "slot", m.slot(),
                                "observer", m.observer(),
                                "standing", m.standing().name(),
                                "since_ms", m.sinceMs(),
                                "why", m.why(),
                                "doing", m.doing().name(),
                                "step", m.step(),
                                "incarnation", m.incarnation()))
                        .toList());
        return figures;
    }
}
