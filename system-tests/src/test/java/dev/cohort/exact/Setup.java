package dev.cohort.exact;

import dev.cohort.augment.data.ImageData;
import dev.cohort.augment.data.ImageSet;
import dev.cohort.coordinator.method.MethodCatalog;
import dev.cohort.coordinator.method.TeacherSetting;
import dev.cohort.experiment.Experiment;
import dev.cohort.peer.djl.LearnerSetting;
import dev.cohort.peer.djl.ModelCatalog;
import dev.cohort.protocol.ImageShape;
import dev.cohort.protocol.MapShapes;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.TensorName;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * A small run: a few convolutional networks with batch norm, of two architectures, on tiny images whose labels are mixed. Its
 * epochs are short, so that the weight of the distillation grows from step to step.
 */
record Setup(Experiment experiment, ImageData data, DType dtype) {
    private static final ImageShape SHAPE = new ImageShape(8, 8, 3);
    private static final int CLASSES = 5;
    private static final int ROWS = 16;
    private static final int IMAGES = 64;
    private static final List<String> MODELS = List.of("resnet8", "resnet14", "resnet8");
    private static final Set<String> ON_MAPS = Set.of(
            "ffl", "adaptive", "fitnet", "attention_transfer", "nst-mmd", "pairs", "online_ensemble_compression");
    private static final List<String> OF_SEVERAL_WIDTHS = List.of("resnet14-w60", "resnet8", "resnet8-w60");

    /**
     * Students of several widths where the method compares maps of any.
     *
     * @param method as in {@link Method#of}
     * @param dtype of weights, activations and everything on the wire
     */
    static Setup of(String method, int peers, DType dtype, int steps) {
        return of(method, (ON_MAPS.contains(method) ? OF_SEVERAL_WIDTHS : MODELS).subList(0, peers), dtype, steps);
    }

    /** @param models of the peers */
    static Setup of(String method, List<String> models, DType dtype, int steps) {
        Method taught = Method.of(method);
        Experiment experiment = new Experiment(
                new Experiment.Run("exact", 7, OptionalInt.empty(), OptionalLong.of(steps), ROWS),
                new Experiment.Data("idx", Optional.empty(), Experiment.Data.Delivery.RECIPE, OptionalDouble.empty()),
                new Experiment.Augment(1, true, false),
                new Experiment.Mix(Experiment.Mix.Mixing.CUTMIX, 1, 1, 1),
                new Experiment.Method(taught.name(), taught.parameters()),
                new Experiment.Optimizer(
                        0.05,
                        0.9,
                        false,
                        1e-4,
                        new Experiment.Schedule(Experiment.Schedule.Shape.CONSTANT, List.of(), 1, 0)),
                peers(models),
                pace(),
                new Experiment.Elastic(2, models.size(), 0, 0, 0),
                new Experiment.Wire(dtype, dtype, dtype, Experiment.Wire.MAPS_KEPT_MEBIBYTES),
                new Experiment.Recording(Experiment.Recording.Features.NEEDED, false, 0, 1, 0),
                new Experiment.Kafka(Optional.empty(), 1, Map.of()),
                new Experiment.Threads(OptionalInt.of(1)));
        return new Setup(experiment, noisyPatterns(), dtype);
    }

    private static List<Experiment.Peer> peers(List<String> models) {
        return IntStream.range(0, models.size())
                .mapToObj(i -> new Experiment.Peer(new PeerId("p" + (i + 1)), models.get(i), "cpu", 100 + i, false))
                .toList();
    }

    /** No peer is ever too late: the training must not depend on the load of the machine. */
    private static Experiment.Pace pace() {
        long never = 600_000;
        return new Experiment.Pace(
                Experiment.Pace.Mode.STRICT,
                1,
                1,
                2,
                Experiment.Pace.Completion.ALL,
                2,
                never,
                never,
                never,
                never,
                Experiment.Pace.OnLoss.HOLD);
    }

    /** Noise around one random pattern a class, so that there is something to learn. */
    private static ImageData noisyPatterns() {
        Random random = new Random(3);
        byte[] patterns = new byte[CLASSES * SHAPE.size()];
        random.nextBytes(patterns);
        return ImageData.of(
                List.of("a", "b", "c", "d", "e"),
                images(random, patterns, IMAGES),
                images(random, patterns, CLASSES),
                0);
    }

    private static ImageSet images(Random random, byte[] patterns, int count) {
        byte[] pixels = new byte[count * SHAPE.size()];
        int[] labels = new int[count];
        for (int i = 0; i < count; i++) {
            labels[i] = i % CLASSES;
            for (int k = 0; k < SHAPE.size(); k++) {
                int pattern = patterns[labels[i] * SHAPE.size() + k] & 0xff;
                pixels[i * SHAPE.size() + k] = (byte) ((pattern + random.nextInt(256)) / 2);
            }
        }
        return ImageSet.of(SHAPE, pixels, labels);
    }

    int students() {
        return experiment.peers().size();
    }

    int steps() {
        return (int) experiment.run().steps().orElseThrow();
    }

    double learningRate() {
        return experiment.optimizer().learningRate();
    }

    /** Feature widths of the slots. */
    Ints featureWidths() {
        return Ints.of(experiment.peers().stream()
                .mapToInt(peer -> ModelCatalog.featureWidth(peer.model()))
                .toArray());
    }

    /** The shapes of the feature maps that the method reads. */
    MapShapes maps() {
        SortedMap<String, List<Ints>> maps = new TreeMap<>();
        for (String name : mapNames()) {
            maps.put(
                    name,
                    experiment.peers().stream()
                            .map(peer -> map(peer.model(), name))
                            .toList());
        }
        return new MapShapes(maps);
    }

    private List<String> mapNames() {
        TeacherSetting setting =
                new TeacherSetting(students(), featureWidths(), CLASSES, 1, experiment.optimizer(), dtype);
        return MethodCatalog.get(experiment.method().name()).create(experiment.method(), setting).reads().stream()
                .filter(read -> read.startsWith(TensorName.MAP))
                .toList();
    }

    private static Ints map(String model, String name) {
        return ModelCatalog.maps(model, SHAPE).stream()
                .filter(map -> map.name().equals(name))
                .findFirst()
                .orElseThrow()
                .rowShape();
    }

    /** What the learner of a peer is made from, in both worlds. */
    LearnerSetting learner(int student) {
        Experiment.Peer peer = experiment.peers().get(student);
        Experiment.Optimizer optimizer = experiment.optimizer();
        return new LearnerSetting(
                        peer.model(),
                        SHAPE,
                        CLASSES,
                        data.normalisation(),
                        peer.seed(),
                        dtype,
                        peer.device(),
                        student,
                        optimizer.update())
                .withMaps(mapNames());
    }

    /** One process that trains the same, with the initial weights of the learners. */
    SingleProcess singleProcess(WholeLoss.Formulation written) {
        return new SingleProcess(
                method().written(written),
                IntStream.range(0, students()).mapToObj(this::learner).toList());
    }

    Method method() {
        return new Method(experiment.method().name(), experiment.method().parameters(), WholeLoss.Formulation.PRINTED);
    }
}
