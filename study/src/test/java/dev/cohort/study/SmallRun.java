package dev.cohort.study;

import dev.cohort.coordinator.method.MethodCatalog;
import dev.cohort.coordinator.method.TeacherSetting;
import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.Addressed;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.End;
import dev.cohort.protocol.Evaluation;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.Recipe;
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
import java.util.SplittableRandom;

/** The log of a small run, as its augmenter, peers and coordinator write it. */
final class SmallRun {
    static final int STEPS = 12;
    private static final int SLOTS = 3;
    static final int ROWS = 4;
    static final int CLASSES = 3;
    static final int WIDTH = 2;
    static final List<PeerId> PEERS = List.of(new PeerId("p1"), new PeerId("p2"), new PeerId("p3"));

    private final SplittableRandom random = new SplittableRandom(1);

    static Teacher teacher(String method) {
        return teacher(new Experiment.Method(method, Map.of()));
    }

    static Teacher teacher(Experiment.Method method) {
        return teacher(method, CLASSES);
    }

    static Teacher teacher(Experiment.Method method, int classes) {
        Experiment.Optimizer optimizer = new Experiment.Optimizer(
                0.1, 0.9, false, 0, new Experiment.Schedule(Experiment.Schedule.Shape.CONSTANT, List.of(), 1, 0));
        return MethodCatalog.get(method.name())
                .create(
                        method,
                        new TeacherSetting(SLOTS, Ints.of(WIDTH, WIDTH, WIDTH), classes, 1, optimizer, DType.FLOAT32));
    }

    private static Digest images(long step) {
        return new Hasher().number(step).digest();
    }

    static Batch batch(long step) {
        Ints rows = Ints.of(0, 1, 2, 0);
        Ints uncut = Ints.of(0, 0, 0, 0);
        return new Batch(
                step,
                0,
                false,
                new SoftLabels(CLASSES, List.of(rows), List.of(1.0)),
                new Recipe(
                        rows,
                        List.of(),
                        OptionalDouble.empty(),
                        0,
                        List.of(new Recipe.View(uncut, uncut, uncut, List.of()))),
                List.of(images(step)),
                Optional.empty());
    }

    private Tensor tensor(int columns) {
        return Tensor.of(
                DType.FLOAT32, random.doubles((long) ROWS * columns, -2, 2).toArray(), ROWS, columns);
    }

    Prediction prediction(PeerId peer, long step) {
        NamedTensors tensors =
                NamedTensors.of(Map.of(TensorName.LOGITS, tensor(CLASSES), TensorName.FEATURES, tensor(WIDTH)));
        return new Prediction(step, 0, peer, 1, step - 1, tensors, images(step), Optional.empty());
    }

    /** The log of a run as its augmenter, peers and coordinator write it, batches two steps ahead. */
    ListedLog log(String method) {
        ListedLog log = new ListedLog(SLOTS);
        Teacher teacher = teacher(method);
        NamedTensors state = teacher.initialState();
        log.append(batch(1));
        log.append(batch(2));
        for (long step = 1; step <= STEPS; step++) {
            if (step + 2 <= STEPS) {
                log.append(batch(step + 2));
            }
            List<Teacher.PeerPrediction> votes = new ArrayList<>();
            List<Outcome.Contributor> contributors = new ArrayList<>();
            for (int slot = 0; slot < SLOTS; slot++) {
                Prediction published = prediction(PEERS.get(slot), step);
                log.append(published);
                votes.add(new Teacher.PeerPrediction(published.peer(), slot, published.tensors()));
                contributors.add(new Outcome.Contributor(
                        published.peer(), slot, 1, step - 1, published.tensors().digest()));
            }
            Teacher.TeacherStep lesson = teacher.teach(
                    state, new Teacher.StepInput(step, 0, 0.1, batch(step).labels(), votes));
            List<Outcome.Part> parts = new ArrayList<>();
            lesson.addressed().forEach((slot, terms) -> {
                Addressed part = new Addressed(stepOf(contributors), 0, PEERS.get(slot), slot, terms);
                log.append(part);
                parts.add(new Outcome.Part(PEERS.get(slot), part.digest()));
            });
            log.append(new Outcome(
                    step,
                    0,
                    "c1",
                    Teacher.hash(state),
                    contributors,
                    new Outcome.Targets(lesson.labelWeight(), lesson.terms(), parts, true)));
            state = lesson.next();
        }
        for (PeerId peer : PEERS) {
            log.append(new Evaluation(
                    STEPS,
                    0,
                    true,
                    peer.value(),
                    0.5,
                    1,
                    NamedTensors.of(Map.of(TensorName.LOGITS, tensor(CLASSES), TensorName.FEATURES, tensor(WIDTH)))));
        }
        log.append(new End(STEPS, "planned"));
        return log;
    }

    private static long stepOf(List<Outcome.Contributor> contributors) {
        return contributors.get(0).version() + 1;
    }
}
