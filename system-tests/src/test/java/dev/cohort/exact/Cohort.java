package dev.cohort.exact;

import dev.cohort.coordinator.Coordinator;
import dev.cohort.coordinator.follow.CoordinatorSetting;
import dev.cohort.coordinator.method.MethodCatalog;
import dev.cohort.coordinator.method.TeacherSetting;
import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.experiment.Experiment;
import dev.cohort.peer.CheckpointStore;
import dev.cohort.peer.Learner;
import dev.cohort.peer.Peer;
import dev.cohort.peer.PeerSetting;
import dev.cohort.peer.djl.ModelCatalog;
import dev.cohort.protocol.Renderer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The nodes of a run as its processes wire them, except that learners and teacher are recorded. */
final class Cohort implements AutoCloseable {
    private static final long RESEND_MS = 600_000;

    private final Setup setup;
    private final Recording recording;
    private final Coordinator coordinator;
    private final List<Learner> learners = new ArrayList<>();
    private final List<Peer> peers = new ArrayList<>();

    /** Makes the learners of the peers. */
    interface Students {
        RecordingLearner student(int index, Recording recording);

        /** DJL's. */
        static Students builtIn(Setup setup) {
            return (i, recording) -> new RecordingLearner(ModelCatalog.create(setup.learner(i)), i, recording);
        }
    }

    Cohort(Setup setup, Renderer renderer, Students students) {
        this.setup = setup;
        recording = new Recording(setup.students());
        Teacher teacher = teacher();
        coordinator = new Coordinator(coordinatorSetting(), new RecordingTeacher(teacher, recording));
        coordinator.onCaughtUp(0);
        for (int i = 0; i < setup.students(); i++) {
            Learner learner = students.student(i, recording);
            learners.add(learner);
            peers.add(new Peer(peerSetting(i, teacher.reads()), learner, renderer, new Forgetful()));
        }
    }

    Recording recording() {
        return recording;
    }

    Coordinator coordinator() {
        return coordinator;
    }

    /** In the order of their slots. */
    List<Peer> peers() {
        return List.copyOf(peers);
    }

    private Teacher teacher() {
        Experiment experiment = setup.experiment();
        TeacherSetting setting = new TeacherSetting(
                        setup.students(),
                        setup.featureWidths(),
                        setup.data().classes(),
                        experiment.run().seed(),
                        experiment.optimizer(),
                        experiment.wire().logits())
                .withMaps(setup.maps());
        return MethodCatalog.get(experiment.method().name()).create(experiment.method(), setting);
    }

    private CoordinatorSetting coordinatorSetting() {
        return new CoordinatorSetting(
                "coordinator",
                setup.experiment().peers().stream().map(Experiment.Peer::id).toList(),
                Set.of(),
                setup.experiment().elastic(),
                setup.data().classes(),
                setup.featureWidths(),
                setup.maps(),
                setup.data().digest(),
                setup.data().test().labels(),
                setup.data().validation().count(),
                setup.experiment().pace(),
                0,
                setup.experiment().run().batchSize(),
                setup.steps(),
                step -> setup.learningRate(),
                RESEND_MS,
                0,
                true);
    }

    private PeerSetting peerSetting(int student, List<String> reads) {
        Experiment.Peer peer = setup.experiment().peers().get(student);
        return new PeerSetting(
                peer.id(),
                1,
                peer.model(),
                peer.device(),
                1,
                "djl",
                false,
                Optional.of(student),
                false,
                reads,
                setup.experiment().wire().logits(),
                setup.experiment().wire().features(),
                setup.experiment().wire().maps(),
                setup.data().digest(),
                setup.data().test().labels(),
                setup.steps(),
                step -> setup.learningRate(),
                0,
                false,
                RESEND_MS);
    }

    /** No process is restarted here. */
    private static final class Forgetful implements CheckpointStore {
        @Override
        public void save(Checkpoint checkpoint) {}

        @Override
        public Optional<Checkpoint> newest() {
            return Optional.empty();
        }
    }

    @Override
    public void close() {
        learners.forEach(Learner::close);
    }
}
