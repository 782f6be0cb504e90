package dev.cohort.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.coordinator.follow.CoordinatorSetting;
import dev.cohort.coordinator.method.MethodCatalog;
import dev.cohort.coordinator.method.TeacherSetting;
import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.Experiment.Pace;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Heartbeat;
import dev.cohort.protocol.Joining;
import dev.cohort.protocol.MapShapes;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.PeerState;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.Recipe;
import dev.cohort.protocol.Snapshot;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.protocol.TensorName;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Hasher;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/** What the tests of the coordinator speak with: a run of three peers, two classes and batches of two rows. */
public final class Cohort {
    static final PeerId P1 = new PeerId("p1");
    static final PeerId P2 = new PeerId("p2");
    static final PeerId P3 = new PeerId("p3");
    static final PeerId CONTROL = new PeerId("control");
    static final long GONE_AFTER_MS = 300;
    static final long DEADLINE_MS = 1_000;
    static final long START_MS = 10_000;
    static final long RESEND_MS = 200;
    static final Digest DATA = new Hasher().text("data").digest();

    static final int SLOTS = 4;
    static final int WIDTH = 3;

    private Cohort() {}

    static Coordinator coordinator(String name, String method, Pace.OnLoss onLoss) {
        return coordinator(name, method, onLoss, new Experiment.Elastic(2, SLOTS, 0, 0, 0));
    }

    static Coordinator coordinator(String name, String method, Pace.OnLoss onLoss, Experiment.Elastic elastic) {
        return following(new Coordinator(setting(name, onLoss, elastic, 0), teacher(method)));
    }

    /** A coordinator of {@code one} in a run whose newcomers have to prove themselves for long. */
    static Coordinator keeping(long snapshotSteps, Optional<Snapshot> from) {
        return keeping("one", snapshotSteps, from);
    }

    static Coordinator keeping(String method, long snapshotSteps, Optional<Snapshot> from) {
        CoordinatorSetting setting =
                setting("c1", Pace.OnLoss.DROP, new Experiment.Elastic(2, SLOTS, 0, 50, 0), snapshotSteps);
        return following(from.map(s -> new Coordinator(setting, teacher(method), s))
                .orElseGet(() -> new Coordinator(setting, teacher(method))));
    }

    /** One that has caught up with a log in which there is nothing yet. */
    private static Coordinator following(Coordinator coordinator) {
        assertThat(coordinator.onCaughtUp(0)).isEmpty();
        return coordinator;
    }

    static Teacher teacher(String method) {
        return teacher(method, DType.FLOAT32);
    }

    /** @param wire element type of the targets */
    static Teacher teacher(String method, DType wire) {
        Experiment.Optimizer optimizer = new Experiment.Optimizer(
                0.1, 0.9, false, 0, new Experiment.Schedule(Experiment.Schedule.Shape.CONSTANT, List.of(), 1, 0));
        int[] widths = new int[SLOTS];
        java.util.Arrays.fill(widths, WIDTH);
        return MethodCatalog.get(method)
                .create(
                        new Experiment.Method(method, Map.of()),
                        new TeacherSetting(SLOTS, Ints.of(widths), 2, 1, optimizer, wire));
    }

    static CoordinatorSetting setting(String name, Pace.OnLoss onLoss, Experiment.Elastic elastic, long snapshotSteps) {
        int[] widths = new int[SLOTS];
        java.util.Arrays.fill(widths, WIDTH);
        Pace pace = new Pace(
                Pace.Mode.STRICT,
                1,
                1,
                2,
                Pace.Completion.ALL,
                0,
                GONE_AFTER_MS,
                DEADLINE_MS,
                2 * DEADLINE_MS,
                START_MS,
                onLoss);
        return new CoordinatorSetting(
                name,
                List.of(P1, P2, P3),
                Set.of(CONTROL),
                elastic,
                2,
                Ints.of(widths),
                MapShapes.NONE,
                DATA,
                Ints.of(0, 1),
                0,
                pace,
                0,
                8,
                100,
                step -> 0.1,
                RESEND_MS,
                snapshotSteps,
                true);
    }

    /** A coordinator of {@code mean_logit} to which all named peers have come at time 0. */
    static Coordinator started(Pace.OnLoss onLoss) {
        Coordinator coordinator = coordinator("c1", "mean_logit", onLoss);
        for (PeerId peer : List.of(P1, P2, P3)) {
            send(coordinator, 0, joining(peer, 1));
        }
        return coordinator;
    }

    /** Messages that the coordinator publishes after these, in order. */
    static List<Message> send(Coordinator coordinator, long nowMs, Message... messages) {
        List<Message> published = new ArrayList<>();
        for (Message message : messages) {
            published.addAll(coordinator.onMessage(message, nowMs));
        }
        return published;
    }

    static <M extends Message> List<M> only(Class<M> type, List<Message> published) {
        return published.stream().filter(type::isInstance).map(type::cast).toList();
    }

    static Outcome outcome(List<Message> published) {
        List<Outcome> outcomes = only(Outcome.class, published);
        if (outcomes.size() != 1) {
            throw new AssertionError("one outcome expected, published: " + published);
        }
        return outcomes.get(0);
    }

    static List<PeerId> contributors(Outcome outcome) {
        return outcome.contributors().stream().map(Outcome.Contributor::peer).toList();
    }

    static Joining joining(PeerId peer, long incarnation) {
        return new Joining(peer, incarnation, "resnet8", "cpu", false, WIDTH, 0, DATA, 1);
    }

    static Heartbeat heartbeat(PeerId peer, long step) {
        return new Heartbeat(peer, 1, PeerState.TRAINING, step, Heartbeat.Figures.NONE);
    }

    /** All peers stay alive in that time; returns the messages that the coordinator publishes meanwhile. */
    static List<Message> allLive(Coordinator coordinator, long fromMs, long toMs) {
        List<Message> published = new ArrayList<>();
        for (long nowMs = fromMs; nowMs <= toMs; nowMs += GONE_AFTER_MS / 3) {
            published.addAll(send(coordinator, nowMs, heartbeat(P1, 0), heartbeat(P2, 0), heartbeat(P3, 0)));
        }
        return published;
    }

    static Digest images(long step) {
        return new Hasher().text("images").number(step).digest();
    }

    static Batch batch(long step) {
        Ints rows = Ints.of(0, 1);
        Ints uncut = Ints.of(0, 0);
        return new Batch(
                step,
                0,
                false,
                new SoftLabels(2, List.of(rows), List.of(1.0)),
                new Recipe(
                        rows,
                        List.of(),
                        OptionalDouble.empty(),
                        0,
                        List.of(new Recipe.View(uncut, uncut, uncut, List.of()))),
                List.of(images(step)),
                Optional.empty());
    }

    /** The prediction of a peer whose first logit is {@code logit}. */
    static Prediction prediction(PeerId peer, long step, double logit) {
        return prediction(peer, step, NamedTensors.of(TensorName.LOGITS, logits(logit, 2, 2)), images(step));
    }

    static Prediction prediction(PeerId peer, long step, NamedTensors tensors, Digest rendered) {
        NamedTensors all = tensors.with(TensorName.FEATURES, logits(0.5, 2, WIDTH));
        return new Prediction(step, 0, peer, 1, step - 1, all, rendered, Optional.empty());
    }

    static Tensor logits(double first, int rows, int columns) {
        double[] values = new double[rows * columns];
        values[0] = first;
        return Tensor.of(DType.FLOAT32, values, rows, columns);
    }
}
