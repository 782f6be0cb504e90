package dev.cohort.protocol.wire;

import dev.cohort.protocol.Addressed;
import dev.cohort.protocol.Admitted;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Box;
import dev.cohort.protocol.Command;
import dev.cohort.protocol.Draining;
import dev.cohort.protocol.End;
import dev.cohort.protocol.Evaluation;
import dev.cohort.protocol.Heartbeat;
import dev.cohort.protocol.ImageShape;
import dev.cohort.protocol.Images;
import dev.cohort.protocol.Joining;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.Manifest;
import dev.cohort.protocol.MapShapes;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Normalisation;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.PeerState;
import dev.cohort.protocol.Positions;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.Recipe;
import dev.cohort.protocol.Rejection;
import dev.cohort.protocol.Settings;
import dev.cohort.protocol.Snapshot;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.protocol.Standing;
import dev.cohort.protocol.StandingChange;
import dev.cohort.protocol.StepReport;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.TensorPiece;
import dev.cohort.protocol.TensorReference;
import dev.cohort.protocol.Term;
import dev.cohort.protocol.TestImages;
import dev.cohort.protocol.Topic;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Valid messages of every kind, drawn from a seed. */
final class RandomMessages {
    private final Random random;

    RandomMessages(long seed) {
        // Neighbouring seeds give nearly equal first draws unless they are scrambled.
        random = new Random(seed * 0x9e3779b97f4a7c15L);
    }

    /** One message of each kind. */
    Map<Class<? extends Message>, Supplier<Message>> kinds() {
        Map<Class<? extends Message>, Supplier<Message>> kinds = new LinkedHashMap<>();
        kinds.put(Manifest.class, this::manifest);
        kinds.put(Batch.class, this::batch);
        kinds.put(TestImages.class, this::testImages);
        kinds.put(End.class, () -> new End(number(), text()));
        kinds.put(Prediction.class, this::prediction);
        kinds.put(Outcome.class, this::outcome);
        kinds.put(Addressed.class, () -> new Addressed(1 + number(), small(), peer(), small(), terms()));
        kinds.put(TensorPiece.class, this::piece);
        kinds.put(Heartbeat.class, this::heartbeat);
        kinds.put(Joining.class, this::joining);
        kinds.put(Admitted.class, this::admitted);
        kinds.put(Left.class, this::left);
        kinds.put(
                Rejection.class,
                () -> new Rejection(1 + number(), small(), peer(), oneOf(Rejection.Reason.values()), text()));
        kinds.put(
                StandingChange.class,
                () -> new StandingChange(peer(), number(), oneOf(Standing.values()), 1 + number(), text()));
        kinds.put(Draining.class, () -> new Draining(peer(), 1 + number(), number(), text()));
        kinds.put(
                Command.class,
                () -> new Command(
                        oneOf(Command.Kind.values()),
                        maybe(this::peer),
                        random.nextBoolean() ? OptionalLong.of(1 + number()) : OptionalLong.empty(),
                        text()));
        kinds.put(Evaluation.class, this::evaluation);
        kinds.put(Snapshot.class, this::snapshot);
        return kinds;
    }

    private Snapshot snapshot() {
        long step = number();
        SortedMap<Integer, PeerId> lastVotes = new TreeMap<>();
        SortedMap<PeerId, Long> latestStarts = new TreeMap<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            lastVotes.put(random.nextInt(8), peer());
            latestStarts.put(peer(), 1 + number());
        }
        SortedMap<Positions.Place, Long> offsets = new TreeMap<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            offsets.put(new Positions.Place(oneOf(Topic.values()), random.nextInt(9)), number());
        }
        return new Snapshot(
                step,
                tensors(small()),
                digest(),
                lastVotes,
                latestStarts,
                step / (1 + random.nextInt(3)),
                new Positions(offsets));
    }

    TestImages testImages() {
        int count = random.nextInt(4);
        ImageShape shape = new ImageShape(1 + random.nextInt(4), 1 + random.nextInt(4), 1 + random.nextInt(3));
        byte[] pixels = new byte[count * shape.size()];
        random.nextBytes(pixels);
        int first = random.nextInt(100);
        return new TestImages(
                first, first + count + random.nextInt(10), new Images(count, shape, ByteBuffer.wrap(pixels)));
    }

    Prediction prediction() {
        int rows = 1 + random.nextInt(4);
        NamedTensors tensors = NamedTensors.of(TensorName.LOGITS, tensor(rows, 1 + random.nextInt(5)));
        if (random.nextBoolean()) {
            tensors = tensors.with(TensorName.FEATURES, tensor(rows, 1 + random.nextInt(5)));
        }
        return new Prediction(
                1 + number(),
                small(),
                peer(),
                1 + number(),
                number(),
                tensors,
                random.nextBoolean() ? new TreeMap<>() : new TreeMap<>(Map.of("map/last", reference())),
                digest(),
                maybe(() -> new StepReport(1 + number(), gaussian(), gaussian(), share(), random.nextBoolean())));
    }

    Batch batch() {
        int rows = 1 + random.nextInt(6);
        int partners = random.nextInt(3);
        int views = 1 + random.nextInt(3);
        int padding = random.nextInt(5);
        int classes = 1 + random.nextInt(5);
        OptionalDouble blend =
                partners == 1 && random.nextBoolean() ? OptionalDouble.of(share()) : OptionalDouble.empty();
        Recipe recipe = new Recipe(
                ints(rows, 1000),
                many(partners, () -> ints(rows, rows)),
                blend,
                padding,
                many(
                        views,
                        () -> new Recipe.View(
                                ints(rows, 2 * padding + 1),
                                ints(rows, 2 * padding + 1),
                                ints(rows, 2),
                                many(blend.isPresent() ? 0 : partners, this::box))));
        Optional<List<ByteBuffer>> pixels =
                random.nextBoolean() ? Optional.of(many(views, () -> bytes(rows * 12))) : Optional.empty();
        return new Batch(
                1 + number(),
                small(),
                random.nextBoolean(),
                labels(rows, 1 + partners, classes),
                recipe,
                many(views, this::digest),
                pixels);
    }

    Outcome outcome() {
        Outcome.Resolution resolution = random.nextInt(4) == 0
                ? new Outcome.Skipped(oneOf(Outcome.SkipReason.values()))
                : new Outcome.Targets(
                        gaussian(),
                        terms(),
                        many(small(), () -> new Outcome.Part(peer(), digest())),
                        random.nextBoolean());
        return new Outcome(
                1 + number(),
                small(),
                text(),
                digest(),
                many(small(), () -> new Outcome.Contributor(peer(), small(), 1 + number(), number(), digest())),
                Ints.of(many(small(), this::small).stream()
                        .mapToInt(Integer::intValue)
                        .toArray()),
                resolution);
    }

    /** Terms of random kinds, in random number. */
    List<Term> terms() {
        return many(small(), () -> switch (random.nextInt(9)) {
            case 0 ->
                new Term.SoftTarget(
                        text(),
                        tensor(2, 3),
                        oneOf(Term.Space.values()),
                        oneOf(Term.Vote.values()),
                        gaussian(),
                        0.5 + share(),
                        oneOf(Term.Audience.values()));
            case 1 -> new Term.OwnTarget(text(), oneOf(Term.OwnTarget.Form.values()), gaussian(), 0.5 + share());
            case 5 ->
                new Term.Copies(text(), many(3, () -> new Term.Copy(small(), NamedTensors.of("fc.bias", tensor(3)))));
            case 6 -> new Term.Figures(text(), new TreeMap<>(Map.of(text(), gaussian(), "slot2", gaussian())));
            case 7 -> new Term.MapGradient(text(), "map/last", reference());
            case 4 -> new Term.OwnBranches(text(), gaussian(), 0.5 + share());
            case 2 -> new Term.CrossEntropy(text(), gaussian());
            case 3 -> new Term.GatedCrossEntropy(text(), tensor(2, 3), gaussian());
            default -> new Term.LeafGradient(text(), TensorName.FEATURES, tensor(2, 3));
        });
    }

    TensorReference reference() {
        return TensorReference.of(tensor(1 + small(), 2, 1 + small(), 3));
    }

    private TensorPiece piece() {
        int count = 1 + small();
        return new TensorPiece(
                1 + number(),
                small(),
                peer(),
                small(),
                oneOf(TensorPiece.Use.values()),
                digest(),
                random.nextInt(count),
                count,
                bytes(1 + small()));
    }

    private MapShapes mapShapes() {
        int slots = small();
        SortedMap<String, List<Ints>> maps = new TreeMap<>();
        for (int i = small(); i > 0; i--) {
            maps.put("map/stage" + i, many(slots, this::rowShape));
        }
        return new MapShapes(maps);
    }

    private Ints rowShape() {
        return Ints.of(1 + small(), 1 + small(), 1 + small());
    }

    Tensor tensor(int... shape) {
        double[] values = random.doubles(IntStream.of(shape).reduce(1, (a, b) -> a * b), -100, 100)
                .toArray();
        return Tensor.of(oneOf(DType.values()), values, shape);
    }

    PeerId peer() {
        return new PeerId("p" + random.nextInt(1000));
    }

    Digest digest() {
        byte[] value = new byte[Digest.BYTES];
        random.nextBytes(value);
        return Digest.ofBytes(value);
    }

    private Manifest manifest() {
        return manifest(random.nextInt(3) == 0 ? 1 + random.nextInt(2) : 0);
    }

    /** The manifest of a fork after {@code generations} forks. */
    Manifest manifest(int generations) {
        int classes = 1 + random.nextInt(10);
        return new Manifest(
                Manifest.PROTOCOL_VERSION,
                "run:\n  name: " + text() + "\n",
                classes,
                new ImageShape(1 + small(), 1 + small(), 3),
                new Normalisation(List.of(0.1, 0.2, gaussian()), List.of(0.3, 0.4, share())),
                digest(),
                random.nextInt(60_000),
                ints(random.nextInt(30), classes),
                ints(random.nextInt(30), classes),
                ints(small(), 512),
                mapShapes(),
                number(),
                generations > 0
                        ? Optional.of(new Manifest.Parent(text(), 1 + number(), digest(), manifest(generations - 1)))
                        : Optional.empty(),
                maybe(this::settings));
    }

    private Settings settings() {
        return new Settings(
                new Settings.Batches(random.nextLong(), 1 + small(), 1 + number(), random.nextBoolean(), share()),
                new Settings.Seats(
                        List.of(peer(), peer()), List.of(), 1 + small(), small(), number(), share(), number()),
                new Settings.Published(
                        text(),
                        random.nextBoolean(),
                        List.of("features"),
                        oneOf(DType.values()),
                        oneOf(DType.values()),
                        oneOf(DType.values()),
                        random.nextBoolean()),
                new Settings.Optimizer(
                        text(),
                        share(),
                        share(),
                        random.nextBoolean(),
                        share(),
                        share(),
                        share(),
                        random.nextBoolean() ? OptionalDouble.of(1 + share()) : OptionalDouble.empty(),
                        random.nextBoolean() ? OptionalDouble.of(share()) : OptionalDouble.empty(),
                        new Settings.Rate(share(), text(), List.of(1.0, 2.5), share(), share())),
                new Settings.OwnTeacher(text(), share(), number(), share(), small()),
                new Settings.Pace(number(), number(), number(), number(), number(), number()));
    }

    private Heartbeat heartbeat() {
        return new Heartbeat(
                peer(),
                1 + number(),
                oneOf(PeerState.values()),
                number(),
                new Heartbeat.Figures(share() * 1000, share(), gaussian(), gaussian(), share()));
    }

    private Joining joining() {
        return new Joining(
                peer(),
                1 + number(),
                text(),
                "cuda:1",
                random.nextBoolean(),
                small(),
                random.nextBoolean() ? new TreeMap<>() : new TreeMap<>(Map.of("map/last", rowShape())),
                number(),
                digest(),
                1 + small(),
                random.nextBoolean() ? Joining.BUILT_IN : "pytorch " + small());
    }

    private Admitted admitted() {
        return random.nextBoolean()
                ? new Admitted(peer(), 1 + number(), small(), number(), "")
                : new Admitted(peer(), 1 + number(), -1, 0, "full " + text());
    }

    private Left left() {
        return new Left(
                peer(),
                1 + number(),
                text(),
                maybe(() -> new Left.Result(number(), number(), share(), share() * 1000, share(), digest())),
                maybe(() -> new Left.Divergence(1 + number(), text())));
    }

    private Evaluation evaluation() {
        return new Evaluation(
                number(),
                small(),
                random.nextBoolean(),
                random.nextBoolean() ? Evaluation.TEACHER : peer().value(),
                share(),
                gaussian(),
                random.nextBoolean() ? NamedTensors.of(TensorName.LOGITS, tensor(5, 3)) : NamedTensors.none());
    }

    private NamedTensors tensors(int count) {
        NamedTensors tensors = NamedTensors.none();
        for (int i = 0; i < count; i++) {
            tensors = tensors.with("gate." + i, random.nextBoolean() ? tensor(small(), 2) : tensor());
        }
        return tensors;
    }

    private SoftLabels labels(int rows, int sources, int classes) {
        double[] weights = random.doubles(sources, 0.1, 1).toArray();
        double sum = DoubleStream.of(weights).sum();
        return new SoftLabels(
                classes,
                many(sources, () -> ints(rows, classes)),
                IntStream.range(0, sources).mapToObj(i -> weights[i] / sum).toList());
    }

    private Box box() {
        int x = random.nextInt(20);
        int y = random.nextInt(20);
        return new Box(x, y, x + small(), y + small());
    }

    private ByteBuffer bytes(int size) {
        byte[] value = new byte[size];
        random.nextBytes(value);
        return ByteBuffer.wrap(value).asReadOnlyBuffer();
    }

    private Ints ints(int count, int bound) {
        return Ints.of(random.ints(count, 0, bound).toArray());
    }

    private String text() {
        return "t\u00e9xt-" + Integer.toString(random.nextInt(1_000_000), 36);
    }

    private int small() {
        return random.nextInt(4);
    }

    private long number() {
        return random.nextLong() >>> (2 + random.nextInt(61));
    }

    private double share() {
        return random.nextDouble();
    }

    private double gaussian() {
        return random.nextGaussian();
    }

    private <T> T oneOf(T[] values) {
        return values[random.nextInt(values.length)];
    }

    private <T> Optional<T> maybe(Supplier<T> value) {
        return random.nextBoolean() ? Optional.of(value.get()) : Optional.empty();
    }

    private static <T> List<T> many(int count, Supplier<T> one) {
        return Stream.generate(one).limit(count).toList();
    }
}
