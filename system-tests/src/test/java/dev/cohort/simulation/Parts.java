package dev.cohort.simulation;

import dev.cohort.augment.Augmenter;
import dev.cohort.augment.AugmenterSetting;
import dev.cohort.augment.BatchPlan;
import dev.cohort.augment.BatchRenderer;
import dev.cohort.augment.data.ImageData;
import dev.cohort.coordinator.Coordinator;
import dev.cohort.coordinator.follow.CoordinatorSetting;
import dev.cohort.coordinator.method.MethodCatalog;
import dev.cohort.coordinator.method.TeacherSetting;
import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.LearningRate;
import dev.cohort.experiment.Experiment;
import dev.cohort.peer.CheckpointStore;
import dev.cohort.peer.Learner;
import dev.cohort.peer.Peer;
import dev.cohort.peer.PeerSetting;
import dev.cohort.peer.plain.OneHiddenLayer;
import dev.cohort.protocol.MapShapes;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Renderer;
import dev.cohort.protocol.Snapshot;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Makes the nodes of a scenario, as the commands of production make theirs from an experiment. */
final class Parts {
    private final Scenario scenario;
    private final Experiment experiment;
    private final ImageData data;
    private final BatchPlan plan;
    private final BatchRenderer renderer;
    private final Teacher teacher;
    private final LearningRate learningRate;

    Parts(Scenario scenario) {
        this.scenario = scenario;
        experiment = scenario.experiment();
        data = scenario.data();
        plan = BatchPlan.of(experiment, data);
        renderer = new BatchRenderer(data);
        learningRate = new LearningRate(experiment.optimizer(), plan.stepsPerEpoch(), plan.steps());
        teacher = MethodCatalog.get(experiment.method().name())
                .create(
                        experiment.method(),
                        new TeacherSetting(
                                experiment.elastic().max(),
                                experiment.elastic().max(),
                                featureWidths(),
                                data.classes(),
                                experiment.run().seed(),
                                experiment.optimizer(),
                                experiment.wire().logits(),
                                data.validation().labels(),
                                maps()));
    }

    LearningRate learningRate() {
        return learningRate;
    }

    Renderer renderer() {
        return renderer;
    }

    /** The teacher of every coordinator; teachers are pure, so one is enough. */
    Teacher teacher() {
        return teacher;
    }

    private MapShapes maps() {
        return MapShapes.alike(
                List.of(OneHiddenLayer.MAP),
                Ints.of(scenario.hidden(), 1, 1),
                experiment.elastic().max());
    }

    private Ints featureWidths() {
        int[] widths = new int[experiment.elastic().max()];
        Arrays.fill(widths, scenario.hidden());
        return Ints.of(widths);
    }

    /** @param from the snapshot it resumes from, if any */
    Coordinator coordinator(String name, Teacher itsTeacher, Experiment.Elastic elastic, Optional<Snapshot> from) {
        Set<PeerId> observers = new TreeSet<>();
        experiment.peers().stream().filter(Experiment.Peer::control).forEach(p -> observers.add(p.id()));
        CoordinatorSetting setting = new CoordinatorSetting(
                name,
                scenario.seats(),
                observers,
                elastic,
                data.classes(),
                featureWidths(),
                maps(),
                data.digest(),
                data.test().labels(),
                data.validation().count(),
                experiment.pace(),
                0,
                experiment.run().batchSize(),
                plan.steps(),
                learningRate::at,
                Scenario.RESEND_MS,
                experiment.recording().snapshotSteps(),
                experiment.recording().evaluationLogits());
        return from.map(s -> new Coordinator(setting, itsTeacher, s))
                .orElseGet(() -> new Coordinator(setting, itsTeacher));
    }

    Augmenter augmenter() {
        boolean pixels = experiment.data().mode() == Experiment.Data.Delivery.PIXELS;
        return new Augmenter(
                new AugmenterSetting(Scenario.AHEAD_MAX, 1, pixels, Scenario.RESEND_MS, Scenario.SETTLE_MS),
                plan,
                renderer);
    }

    /** A student with the initial weights of its peer. */
    Learner learner(PeerPlan of) {
        return new OneHiddenLayer(
                data.shape(),
                data.normalisation(),
                scenario.hidden(),
                data.classes(),
                experiment.optimizer(),
                of.seed());
    }

    Peer peer(PeerPlan of, long incarnation, Learner learner, CheckpointStore checkpoints) {
        return new Peer(
                new PeerSetting(
                        of.id(),
                        incarnation,
                        "one-hidden-layer",
                        "cpu",
                        1,
                        "djl",
                        of.observer() || !teacher.distils(),
                        slot(of),
                        of.role() == PeerPlan.Role.HEAD_NEWCOMER,
                        teacher.reads(),
                        DType.FLOAT32,
                        DType.FLOAT32,
                        DType.FLOAT32,
                        data.digest(),
                        data.test().labels(),
                        plan.steps(),
                        learningRate::at,
                        experiment.recording().checkpointSteps(),
                        true,
                        Scenario.RESEND_MS),
                learner,
                renderer,
                checkpoints);
    }

    /** The slot a peer knows from the experiment. */
    Optional<Integer> slot(PeerPlan of) {
        int seat = scenario.seats().indexOf(of.id());
        return seat >= 0 ? Optional.of(seat) : of.observer() ? Optional.of(0) : Optional.empty();
    }
}
