package dev.cohort.study;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.Addressed;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.End;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.Recipe;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.protocol.StepReport;
import dev.cohort.protocol.TensorName;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Hasher;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.function.LongPredicate;
import java.util.stream.IntStream;

/**
 * Writes the log of a run of three peers with a chosen fault. Without a fault, each peer is right on a row with a probability
 * that rises from 70 to 95 %, independently of the others, and the order of every epoch is random.
 */
final class FaultyRun {
    static final List<PeerId> PEERS = SmallRun.PEERS;
    static final int CLASSES = 4;
    private static final int SLOTS = 3;
    private static final int ROWS = 16;
    private static final int BATCHES_PER_EPOCH = 20;
    private static final int WIDTH = 2;

    int steps = 200;
    Experiment.Method method = new Experiment.Method("mean_logit", Map.of());
    /** Whether the images are sorted by class. */
    boolean sorted;
    /** Whether every epoch has the same order. */
    boolean repeated;
    /** Whether all peers predict the same. */
    boolean alike;
    /** Whether all peers guess. */
    boolean guessing;
    /** Whether the third peer guesses. */
    boolean ignorant;
    /** Steps to which the third peer does not contribute. */
    LongPredicate silent = step -> false;
    /** Updates that the weights of the second peer lack. */
    int lacking;
    /** Inverts the soft target of the outcome, so it is worse than the students. */
    boolean wrongTeacher;
    /** Cross-entropy that peers report. */
    double crossEntropy = 0.5;
    /** Whether peers report that they used the targets. */
    boolean taught = true;

    private final Random random = new Random(5);

    private List<Integer> order(int epoch) {
        List<Integer> ids = new ArrayList<>(
                IntStream.range(0, ROWS * BATCHES_PER_EPOCH).boxed().toList());
        if (sorted) {
            ids.sort(Comparator.comparing(id -> id % CLASSES));
        } else {
            Collections.shuffle(ids, new Random(repeated ? 7 : 7 + epoch));
        }
        return ids;
    }

    private Batch batch(long step) {
        int epoch = (int) ((step - 1) / BATCHES_PER_EPOCH);
        int first = (int) ((step - 1) % BATCHES_PER_EPOCH) * ROWS;
        int[] ids = order(epoch).subList(first, first + ROWS).stream()
                .mapToInt(i -> i)
                .toArray();
        Ints uncut = Ints.of(new int[ROWS]);
        return new Batch(
                step,
                epoch,
                false,
                new SoftLabels(
                        CLASSES,
                        List.of(Ints.of(IntStream.of(ids).map(i -> i % CLASSES).toArray())),
                        List.of(1.0)),
                new Recipe(
                        Ints.of(ids),
                        List.of(),
                        OptionalDouble.empty(),
                        0,
                        List.of(new Recipe.View(uncut, uncut, uncut, List.of()))),
                List.of(images(step)),
                Optional.empty());
    }

    private static Digest images(long step) {
        return new Hasher().number(step).digest();
    }

    private Tensor logits(Batch batch, Random lot, boolean guess) {
        double[] values = new double[ROWS * CLASSES];
        double right = guess ? 1.0 / CLASSES : 0.7 + 0.25 * batch.step() / steps;
        for (int row = 0; row < ROWS; row++) {
            int label = batch.labels().classIds().get(0).get(row);
            int chosen = lot.nextDouble() < right ? label : (label + 1 + lot.nextInt(CLASSES - 1)) % CLASSES;
            for (int c = 0; c < CLASSES; c++) {
                values[row * CLASSES + c] = lot.nextDouble() - 0.5 + (c == chosen ? 3 : 0);
            }
        }
        return Tensor.of(DType.FLOAT32, values, ROWS, CLASSES);
    }

    private Prediction prediction(PeerId peer, Batch batch, Random lot) {
        long step = batch.step();
        NamedTensors tensors = NamedTensors.of(Map.of(
                TensorName.LOGITS,
                logits(batch, lot, guessing || (ignorant && peer.equals(PEERS.get(2)))),
                TensorName.FEATURES,
                Tensor.of(
                        DType.FLOAT32,
                        random.doubles((long) ROWS * WIDTH, -1, 1).toArray(),
                        ROWS,
                        WIDTH)));
        long lacks = peer.equals(PEERS.get(1)) ? Math.min(step - 1, lacking) : 0;
        Optional<StepReport> report =
                step == 1 ? Optional.empty() : Optional.of(new StepReport(step - 1, crossEntropy, 0.3, 0.8, taught));
        return new Prediction(step, 0, peer, 1, step - 1 - lacks, tensors, images(step), report);
    }

    /** Writes the log. */
    ListedLog log() {
        ListedLog log = new ListedLog(SLOTS);
        Teacher teacher = SmallRun.teacher(method, CLASSES);
        NamedTensors state = teacher.initialState();
        for (long step = 1; step <= steps; step++) {
            Batch batch = batch(step);
            log.append(batch);
            List<Teacher.PeerPrediction> votes = new ArrayList<>();
            List<Outcome.Contributor> contributors = new ArrayList<>();
            for (int slot = 0; slot < SLOTS; slot++) {
                PeerId peer = PEERS.get(slot);
                if (slot == 2 && silent.test(step)) {
                    continue;
                }
                Prediction published = prediction(peer, batch, alike ? new Random(step) : random);
                log.append(published);
                votes.add(new Teacher.PeerPrediction(peer, slot, published.tensors()));
                contributors.add(new Outcome.Contributor(
                        peer, slot, 1, published.version(), published.tensors().digest()));
            }
            Teacher.TeacherStep lesson =
                    teacher.teach(state, new Teacher.StepInput(step, batch.epoch(), 0.1, batch.labels(), votes));
            List<Outcome.Part> parts = new ArrayList<>();
            for (var own : lesson.addressed().entrySet()) {
                Addressed part = new Addressed(step, 0, PEERS.get(own.getKey()), own.getKey(), own.getValue());
                log.append(part);
                parts.add(new Outcome.Part(part.peer(), part.digest()));
            }
            log.append(new Outcome(
                    step,
                    0,
                    "c1",
                    Teacher.hash(state),
                    contributors,
                    new Outcome.Targets(
                            lesson.labelWeight(),
                            wrongTeacher ? Backwards.terms(lesson.terms()) : lesson.terms(),
                            parts,
                            true)));
            state = lesson.next();
        }
        log.append(new End(steps, "planned"));
        return log;
    }
}
