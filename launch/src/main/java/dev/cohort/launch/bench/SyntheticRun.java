package dev.cohort.launch.bench;

import dev.cohort.coordinator.process.RunTeacher;
import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.Addressed;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.End;
import dev.cohort.protocol.ImageShape;
import dev.cohort.protocol.Manifest;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Normalisation;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Positions;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.Recipe;
import dev.cohort.protocol.Snapshot;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.protocol.StepOffsets;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.Topic;
import dev.cohort.runtime.Appender;
import dev.cohort.runtime.config.ExperimentYaml;
import dev.cohort.runtime.kafka.TopicPlan;
import dev.cohort.runtime.session.RunSchedule;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Hasher;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.LongConsumer;

/**
 * Writes the log of a run without training: predictions are random, and everything else is computed from them as in a real run.
 * It can have any length and width, and can be verified like any other ({@code --no-batches}).
 */
public final class SyntheticRun {
    private static final int FEATURE_WIDTH = 64;
    private static final double SPREAD = 3;

    private final Size size;
    private final Experiment experiment;
    private final Manifest manifest;
    private final Teacher teacher;
    private final SplittableRandom random = new SplittableRandom(1);
    private final TopicPlan topics;
    private final StepOffsets offsets = new StepOffsets();
    private final SortedMap<Positions.Place, Long> lengths = new TreeMap<>();

    /**
     * Size of the log.
     *
     * @param rows of a batch
     * @param method name of a method that reads logits and perhaps features
     */
    public record Size(long steps, int peers, int classes, int rows, String method) {
        /** For people. */
        public String words() {
            return steps + " steps x " + peers + " peers x " + rows + " rows x " + classes + " classes, " + method;
        }
    }

    /** @throws IllegalArgumentException when the method reads tensors other than logits and features */
    public SyntheticRun(Size size) {
        this.size = size;
        experiment = ExperimentYaml.read(yaml(size));
        topics = TopicPlan.of(experiment);
        int[] widths = new int[size.peers()];
        Arrays.fill(widths, FEATURE_WIDTH);
        manifest = new Manifest(
                Manifest.PROTOCOL_VERSION,
                ExperimentYaml.writeWithoutSecrets(experiment),
                size.classes(),
                new ImageShape(28, 28, 1),
                new Normalisation(List.of(0.5), List.of(0.5)),
                new Hasher().text("synthetic").digest(),
                size.rows(),
                Ints.of(0),
                Ints.of(),
                Ints.of(widths),
                size.steps());
        teacher = RunTeacher.of(manifest, experiment);
        for (String name : teacher.reads()) {
            if (!name.equals(TensorName.FEATURES) && !name.equals(TensorName.LOGITS)) {
                throw new IllegalArgumentException(
                        "method " + size.method() + " reads " + name
                                + ", which a synthetic run does not have: name one that reads logits or features, such as mean_logit");
            }
        }
    }

    private static String yaml(Size size) {
        StringBuilder peers = new StringBuilder();
        for (int i = 1; i <= size.peers(); i++) {
            peers.append(i == 1 ? "" : ", ").append("{id: p").append(i).append(", model: resnet8}");
        }
        return String.format(Locale.ROOT, """
                run: {name: synthetic, seed: 1, steps: %d, batch_size: %d}
                data: {name: fashion-mnist}
                method: {name: %s}
                optimizer: {name: sgd, learning_rate: 0.01}
                peers: [%s]
                elastic: {min: 2, max: %d}
                """, size.steps(), size.rows(), size.method(), peers, size.peers());
    }

    public Experiment experiment() {
        return experiment;
    }

    public Manifest manifest() {
        return manifest;
    }

    /**
     * Appends all messages, in the order of a run.
     *
     * @param progress receives the number of each step
     */
    public void write(Appender log, LongConsumer progress) {
        NamedTensors state = teacher.initialState();
        for (long step = 1; step <= size.steps(); step++) {
            state = step(step, state, log);
            progress.accept(step);
        }
        log.append(List.of(new End(size.steps(), "planned")));
    }

    private NamedTensors step(long step, NamedTensors state, Appender log) {
        List<Message> messages = new ArrayList<>();
        Batch batch = batch(step);
        messages.add(batch);
        List<Teacher.PeerPrediction> votes = new ArrayList<>();
        List<Outcome.Contributor> contributors = new ArrayList<>();
        for (int slot = 0; slot < size.peers(); slot++) {
            Prediction prediction = prediction(step, slot, batch.digest(slot));
            messages.add(prediction);
            votes.add(new Teacher.PeerPrediction(prediction.peer(), slot, prediction.tensors()));
            contributors.add(new Outcome.Contributor(prediction.peer(), slot, 1, step - 1, prediction.digest()));
        }
        double learningRate = RunSchedule.learningRate(manifest, experiment).applyAsDouble(step);
        Teacher.TeacherStep lesson =
                teacher.teach(state, new Teacher.StepInput(step, batch.epoch(), learningRate, batch.labels(), votes));
        List<Outcome.Part> parts = new ArrayList<>();
        lesson.addressed().forEach((slot, terms) -> {
            Addressed part = new Addressed(step, 0, contributors.get(slot).peer(), slot, terms);
            messages.add(part);
            parts.add(new Outcome.Part(part.peer(), part.digest()));
        });
        messages.add(new Outcome(
                step,
                0,
                "synthetic",
                Teacher.hash(state),
                contributors,
                new Outcome.Targets(lesson.labelWeight(), lesson.terms(), parts, true)));
        messages.forEach(this::count);
        if (step % experiment.recording().snapshotSteps() == 0) {
            messages.add(snapshot(step, lesson.next(), contributors));
        }
        log.append(messages);
        return lesson.next();
    }

    /** Notes the place of a message in the log; each partition begins at offset 0. */
    private void count(Message message) {
        Topic topic = Topic.of(message);
        int partition = 0;
        if (message instanceof Prediction prediction) {
            partition = TopicPlan.predictionPartition(prediction.peer(), topics.partitions(topic));
        } else if (message instanceof Addressed part) {
            partition = part.slot();
        }
        Positions.Place place = new Positions.Place(topic, partition);
        offsets.seen(place, lengths.merge(place, 1L, Long::sum) - 1, message);
    }

    private Snapshot snapshot(long step, NamedTensors state, List<Outcome.Contributor> contributors) {
        SortedMap<Integer, PeerId> bySlot = new TreeMap<>();
        SortedMap<PeerId, Long> starts = new TreeMap<>();
        contributors.forEach(c -> {
            bySlot.put(c.slot(), c.peer());
            starts.put(c.peer(), c.incarnation());
        });
        return new Snapshot(step, state, Teacher.hash(state), bySlot, starts, 0, offsets.after(step));
    }

    private Batch batch(long step) {
        int[] rows = new int[size.rows()];
        int[] classes = new int[size.rows()];
        for (int row = 0; row < rows.length; row++) {
            rows[row] = row;
            classes[row] = random.nextInt(size.classes());
        }
        int[] none = new int[size.rows()];
        Ints zeros = Ints.of(none);
        return new Batch(
                step,
                (int) (step - 1),
                true,
                new SoftLabels(size.classes(), List.of(Ints.of(classes)), List.of(1.0)),
                new Recipe(
                        Ints.of(rows),
                        List.of(),
                        OptionalDouble.empty(),
                        0,
                        List.of(new Recipe.View(zeros, zeros, zeros, List.of()))),
                List.of(new Hasher().number(step).digest()),
                Optional.empty());
    }

    private Prediction prediction(long step, int slot, Digest rendered) {
        NamedTensors tensors = NamedTensors.of(TensorName.LOGITS, drawn(size.classes()));
        if (teacher.reads().contains(TensorName.FEATURES)) {
            tensors = tensors.with(TensorName.FEATURES, drawn(FEATURE_WIDTH));
        }
        return new Prediction(
                step, 0, experiment.contributors().get(slot).id(), 1, step - 1, tensors, rendered, Optional.empty());
    }

    private Tensor drawn(int columns) {
        double[] values = new double[size.rows() * columns];
        for (int i = 0; i < values.length; i++) {
            values[i] = SPREAD * (2 * random.nextDouble() - 1);
        }
        return Tensor.of(DType.FLOAT32, values, size.rows(), columns);
    }
}
