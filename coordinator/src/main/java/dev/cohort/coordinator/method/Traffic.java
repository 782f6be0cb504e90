package dev.cohort.coordinator.method;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.Limits;
import dev.cohort.protocol.MapGradients;
import dev.cohort.protocol.MapShapes;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.TensorPiece;
import dev.cohort.protocol.TensorReference;
import dev.cohort.protocol.wire.Decoding;
import dev.cohort.protocol.wire.MessageCodec;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Hasher;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.ToLongFunction;

/**
 * The size of the messages of one step of a method, in bytes: computed by the method from random predictions and encoded as in a
 * run. Kafka's own fields and compression are not counted.
 *
 * @param prediction message of each peer
 * @param maps pieces of the feature maps of each peer
 * @param outcome message for all peers
 * @param addressed largest message for one contributor; 0 if there is none
 * @param gradients most pieces of gradients of feature maps for one contributor
 */
public record Traffic(long prediction, long maps, long outcome, long addressed, long gradients) {
    /** Rows and classes of the smallest step that an estimate is made from. */
    private static final int SMALL = 16;
    /** Largest number of contributors to measure; more would take long, as some methods weigh each pair. */
    private static final int FEW = 8;

    /**
     * A step to measure.
     *
     * @param rows B, images of the batch
     * @param classes C
     * @param peers contributors
     * @param featureWidth D of the pooled features of each
     * @param mapShape [channels, height, width] of every feature map of each
     * @param wire element type of all tensors
     */
    public record Step(int rows, int classes, int peers, int featureWidth, Ints mapShape, DType wire) {
        /** Of the last map of a ResNet for images of 32 by 32. */
        public static final Ints MAP_SHAPE = Ints.of(64, 8, 8);

        public Step {
            atLeastOne("batch", rows);
            atLeastOne("classes", classes);
            atLeastOne("peers", peers);
            atLeastOne("feature width", featureWidth);
            if (mapShape.size() != MAP_SHAPE.size()) {
                throw new IllegalArgumentException("map shape " + mapShape + ": must be [channels, height, width]");
            }
            mapShape.stream().forEach(length -> atLeastOne("length of a feature map", length));
        }

        /** With maps of the shape of the last one of a ResNet for images of 32 by 32, [64, 8, 8]. */
        public Step(int rows, int classes, int peers, int featureWidth, DType wire) {
            this(rows, classes, peers, featureWidth, MAP_SHAPE, wire);
        }

        private Step among(int otherPeers) {
            return new Step(rows, classes, otherPeers, featureWidth, mapShape, wire);
        }

        private Step sized(int otherRows, int otherClasses) {
            return new Step(otherRows, otherClasses, peers, featureWidth, mapShape, wire);
        }

        private static void atLeastOne(String what, int value) {
            if (value < 1) {
                throw new IllegalArgumentException(what + " " + value + ": must be at least 1");
            }
        }
    }

    /**
     * Measures {@code chosen}.
     *
     * @throws IllegalArgumentException if it is invalid, or needs more peers than the step has
     */
    public static Traffic of(Experiment.Method chosen, Experiment.Optimizer optimizer, Step step) {
        Method method = MethodCatalog.get(chosen.name());
        if (step.peers() < method.contributorsMin()) {
            throw new IllegalArgumentException("peers " + step.peers() + ": must be at least "
                    + method.contributorsMin() + " for method " + method.name());
        }
        Ints widths = Ints.of(Collections.nCopies(step.peers(), step.featureWidth()).stream()
                .mapToInt(Integer::intValue)
                .toArray());
        TeacherSetting plain = new TeacherSetting(step.peers(), widths, step.classes(), 1, optimizer, step.wire());
        Teacher teacher = method.create(
                chosen, plain.withMaps(maps(method.create(chosen, plain).reads(), step)));
        List<Teacher.PeerPrediction> predictions = predictions(teacher, step);
        MessageCodec codec = new MessageCodec("20250131-123005-traffic", Limits.DEFAULT);
        Answers answers = answers(teacher, predictions, step);
        return new Traffic(
                bytes(codec, prediction(predictions.get(0))),
                bytes(codec, pieces(predictions.get(0))),
                bytes(codec, answers.outcome()),
                most(answers, parcel -> bytes(codec, parcel.addressed())),
                most(answers, parcel -> bytes(codec, parcel.pieces())));
    }

    private static long most(Answers answers, ToLongFunction<MapGradients.Parcel> bytes) {
        return answers.parcels().stream().mapToLong(bytes).max().orElse(0);
    }

    private static long bytes(MessageCodec codec, List<TensorPiece> pieces) {
        return pieces.stream().mapToLong(piece -> bytes(codec, piece)).sum();
    }

    /**
     * Estimates the size for a step of any size without computing it: every tensor has the rows, the classes or both as its
     * lengths, so four small steps tell the size of a large one, and each further contributor adds as much as the one before.
     *
     * @throws IllegalArgumentException as {@link #of}
     */
    public static Traffic estimate(Experiment.Method chosen, Experiment.Optimizer optimizer, Step step) {
        if (step.peers() > FEW) {
            Traffic few = estimate(chosen, optimizer, step.among(FEW / 2));
            Traffic more = estimate(chosen, optimizer, step.among(FEW));
            return new Traffic(
                    among(step.peers(), few.prediction, more.prediction),
                    among(step.peers(), few.maps, more.maps),
                    among(step.peers(), few.outcome, more.outcome),
                    among(step.peers(), few.addressed, more.addressed),
                    among(step.peers(), few.gradients, more.gradients));
        }
        Traffic small = of(chosen, optimizer, step.sized(SMALL, SMALL));
        Traffic moreRows = of(chosen, optimizer, step.sized(2 * SMALL, SMALL));
        Traffic moreClasses = of(chosen, optimizer, step.sized(SMALL, 2 * SMALL));
        Traffic moreOfBoth = of(chosen, optimizer, step.sized(2 * SMALL, 2 * SMALL));
        ToLongFunction<ToLongFunction<Traffic>> extrapolated = part -> extrapolated(
                part.applyAsLong(small),
                part.applyAsLong(moreRows),
                part.applyAsLong(moreClasses),
                part.applyAsLong(moreOfBoth),
                step);
        return new Traffic(
                extrapolated.applyAsLong(Traffic::prediction),
                extrapolated.applyAsLong(Traffic::maps),
                extrapolated.applyAsLong(Traffic::outcome),
                extrapolated.applyAsLong(Traffic::addressed),
                extrapolated.applyAsLong(Traffic::gradients));
    }

    private static long among(int peers, long few, long more) {
        return more + Math.round((peers - FEW) * (more - few) / (FEW / 2.0));
    }

    private static long extrapolated(long small, long moreRows, long moreClasses, long moreOfBoth, Step step) {
        double perCell = (moreOfBoth - moreRows - moreClasses + small) / (double) (SMALL * SMALL);
        double perRow = (moreRows - small) / (double) SMALL - perCell * SMALL;
        double perClass = (moreClasses - small) / (double) SMALL - perCell * SMALL;
        double rows = step.rows() - SMALL;
        double classes = step.classes() - SMALL;
        double cells = (double) step.rows() * step.classes() - SMALL * SMALL;
        return Math.max(0, Math.round(small + perRow * rows + perClass * classes + perCell * cells));
    }

    /** @throws IllegalArgumentException if the message is invalid, for example because a setting leads to a non-finite weight */
    private static long bytes(MessageCodec codec, Message message) {
        byte[] encoded = codec.encode(message, "peer1");
        if (codec.decode(encoded) instanceof Decoding.Rejected rejected) {
            throw new IllegalArgumentException(message.getClass().getSimpleName() + " of a step: " + rejected.detail());
        }
        return encoded.length;
    }

    private static List<Teacher.PeerPrediction> predictions(Teacher teacher, Step step) {
        SplittableRandom random = new SplittableRandom(1);
        List<Teacher.PeerPrediction> predictions = new ArrayList<>();
        for (int slot = 0; slot < step.peers(); slot++) {
            NamedTensors tensors = NamedTensors.of(TensorName.LOGITS, tensor(random, step, step.classes()));
            for (String read : everyBatch(teacher)) {
                tensors = tensors.with(read, TensorName.isMap(read) ? map(random, step) : matrix(random, step, read));
            }
            predictions.add(new Teacher.PeerPrediction(new PeerId("p" + (slot + 1)), slot, tensors));
        }
        return predictions;
    }

    private static MapShapes maps(List<String> reads, Step step) {
        return MapShapes.alike(reads.stream().filter(TensorName::isMap).toList(), step.mapShape(), step.peers());
    }

    /** Tensors read for every batch; predictions for held-out images are published once an epoch. */
    private static List<String> everyBatch(Teacher teacher) {
        return teacher.reads().stream()
                .filter(read -> !read.equals(TensorName.VALIDATION))
                .toList();
    }

    private static Tensor matrix(SplittableRandom random, Step step, String read) {
        return tensor(random, step, read.equals(TensorName.FEATURES) ? step.featureWidth() : step.classes());
    }

    private static Tensor map(SplittableRandom random, Step step) {
        int[] row = step.mapShape().toArray();
        long numbers = (long) step.rows() * row[0] * row[1] * row[2];
        double[] values = random.doubles(numbers, -3, 3).toArray();
        return Tensor.of(step.wire(), values, step.rows(), row[0], row[1], row[2]);
    }

    private static Tensor tensor(SplittableRandom random, Step step, int columns) {
        double[] values = random.doubles((long) step.rows() * columns, -3, 3).toArray();
        return Tensor.of(step.wire(), values, step.rows(), columns);
    }

    private static Prediction prediction(Teacher.PeerPrediction prediction) {
        SortedMap<String, Tensor> small = new TreeMap<>();
        SortedMap<String, TensorReference> maps = new TreeMap<>();
        prediction.tensors().asMap().forEach((name, tensor) -> {
            if (TensorName.isMap(name)) {
                maps.put(name, TensorReference.of(tensor));
            } else {
                small.put(name, tensor);
            }
        });
        return new Prediction(
                1,
                0,
                prediction.peer(),
                1,
                0,
                NamedTensors.of(small),
                maps,
                new Hasher().text("images").digest(),
                Optional.empty());
    }

    private static List<TensorPiece> pieces(Teacher.PeerPrediction prediction) {
        List<TensorPiece> pieces = new ArrayList<>();
        prediction.tensors().asMap().forEach((name, tensor) -> {
            if (TensorName.isMap(name)) {
                pieces.addAll(TensorPiece.of(
                        1,
                        0,
                        prediction.peer(),
                        prediction.slot(),
                        TensorPiece.Use.MAP,
                        tensor,
                        TensorReference.of(tensor)));
            }
        });
        return pieces;
    }

    /** The coordinator's messages. */
    private record Answers(List<MapGradients.Parcel> parcels, Outcome outcome) {}

    private static Answers answers(Teacher teacher, List<Teacher.PeerPrediction> predictions, Step step) {
        int[] ids = new int[step.rows()];
        for (int row = 0; row < ids.length; row++) {
            ids[row] = row % step.classes();
        }
        SoftLabels labels = new SoftLabels(step.classes(), List.of(Ints.of(ids)), List.of(1.0));
        List<Teacher.PeerPrediction> used = teacher.contributorsMin() > 0 ? predictions : List.of();
        NamedTensors state = teacher.initialState();
        if (!teacher.distils()) {
            return new Answers(
                    List.of(),
                    new Outcome(
                            1,
                            0,
                            "coordinator",
                            Teacher.hash(state),
                            List.of(),
                            new Outcome.Skipped(Outcome.SkipReason.INDEPENDENT)));
        }
        Teacher.TeacherStep teacherStep = teacher.teach(state, new Teacher.StepInput(1, 0, 0.1, labels, used));
        List<MapGradients.Parcel> parcels = new ArrayList<>();
        List<Outcome.Part> parts = new ArrayList<>();
        List<Outcome.Contributor> contributors = new ArrayList<>();
        for (Teacher.PeerPrediction prediction : used) {
            contributors.add(new Outcome.Contributor(
                    prediction.peer(),
                    prediction.slot(),
                    1,
                    0,
                    prediction(prediction).digest()));
            Optional.ofNullable(new TreeMap<>(teacherStep.addressed()).get(prediction.slot()))
                    .filter(terms -> !terms.isEmpty())
                    .map(terms -> MapGradients.parcel(1, 0, prediction.peer(), prediction.slot(), terms))
                    .ifPresent(parcel -> {
                        parts.add(new Outcome.Part(
                                prediction.peer(), parcel.addressed().digest()));
                        parcels.add(parcel);
                    });
        }
        return new Answers(
                parcels,
                new Outcome(
                        1,
                        0,
                        "coordinator",
                        Teacher.hash(state),
                        contributors,
                        new Outcome.Targets(teacherStep.labelWeight(), teacherStep.terms(), parts, true)));
    }
}
