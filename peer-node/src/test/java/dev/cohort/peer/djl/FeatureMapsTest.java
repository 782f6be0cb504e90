package dev.cohort.peer.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.cohort.distill.OwnTeacher;
import dev.cohort.experiment.UpdateRule;
import dev.cohort.experiment.WeightUpdate;
import dev.cohort.peer.Learner;
import dev.cohort.peer.Learner.ForwardPass;
import dev.cohort.peer.Learner.Output;
import dev.cohort.peer.Learner.Outputs;
import dev.cohort.protocol.ImageShape;
import dev.cohort.protocol.Images;
import dev.cohort.protocol.TensorName;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The feature maps that students output by name: which there are, and what is in them. Their last layers are computed here once
 * more from the map of the last stage; how far a stage reaches, {@link MapGradientTest} tells.
 */
class FeatureMapsTest {
    private static final ImageShape CIFAR = new ImageShape(32, 32, 3);
    private static final ImageShape ODD = new ImageShape(9, 13, 2);
    private static final int ROWS = 4;
    /** Of batch norm. */
    private static final double EPSILON = 1e-5;

    private static LearnerSetting withAllMaps(LearnerSetting setting) {
        return setting.withMaps(names(setting.model()));
    }

    private static LearnerSetting withAllMaps(String model, ImageShape image, DType dtype) {
        return withAllMaps(Samples.setting(model, image, Samples.CLASSES, dtype));
    }

    private static List<String> names(String model) {
        return ModelCatalog.maps(model, CIFAR).stream().map(Output::name).toList();
    }

    /** Channels, height and width of each map of images of 32x32, the last one last. */
    @ParameterizedTest
    @CsvSource({
        "resnet20, 16x32x32 32x16x16 64x8x8 64x8x8",
        "resnet110-w40, 6x32x32 12x16x16 25x8x8 25x8x8",
        "wrn-16-2, 32x32x32 64x16x16 128x8x8 128x8x8",
        "wrn-28-10, 160x32x32 320x16x16 640x8x8 640x8x8",
        "vgg16, 64x32x32 128x16x16 256x8x8 512x4x4 512x2x2 512x1x1",
        "densenet-40-12, 160x32x32 304x16x16 448x8x8 448x8x8",
        "mobilenetv2, 24x32x32 32x16x16 96x8x8 320x4x4 1280x4x4",
        "shufflenetv2, 24x32x32 116x16x16 232x8x8 464x4x4 1024x4x4"
    })
    void catalogueKnowsTheMapsOfEachNetwork(String model, String shapes) {
        List<Output> maps = ModelCatalog.maps(model, CIFAR);

        assertThat(maps.stream()
                        .map(map -> map.rowShape().stream()
                                .mapToObj(Integer::toString)
                                .collect(Collectors.joining("x"))))
                .containsExactly(shapes.split(" ", -1));
        assertThat(maps.stream().map(Output::name))
                .containsExactlyElementsOf(Stream.concat(
                                IntStream.range(1, maps.size()).mapToObj(i -> "map/stage" + i), Stream.of("map/last"))
                        .toList());
        assertThat(maps).allMatch(Output::isPublic);
    }

    static Stream<String> light() {
        return Stream.of("resnet8", "resnet8-w60", "wrn-16-2", "densenet-40-12", "mobilenetv2", "shufflenetv2");
    }

    static Stream<String> heavy() {
        return Stream.of("vgg16", "wrn-28-10");
    }

    @ParameterizedTest
    @MethodSource("light")
    void outputsTheMapsThatItDeclares(String model) {
        assertOutputsAsDeclared(withAllMaps(model, Samples.SMALL, DType.FLOAT32));
        assertOutputsAsDeclared(withAllMaps(model, ODD, DType.FLOAT32));
    }

    @Tag("slow")
    @ParameterizedTest
    @MethodSource("heavy")
    void heavyNetworksOutputTheMapsThatTheyDeclare(String model) {
        assertOutputsAsDeclared(withAllMaps(model, Samples.SMALL, DType.FLOAT32));
        assertOutputsAsDeclared(withAllMaps(model, ODD, DType.FLOAT32));
        assertOutputsAsDeclared(withAllMaps(model, CIFAR, DType.FLOAT32));
    }

    private static void assertOutputsAsDeclared(LearnerSetting setting) {
        Images images = Samples.images(1, ROWS, setting.image());
        try (DjlLearner learner = ModelCatalog.create(setting);
                ForwardPass pass = learner.forward(images)) {
            assertThat(learner.declares().stream().map(Output::name))
                    .containsExactlyElementsOf(
                            Stream.concat(Stream.of("logits", "features"), names(setting.model()).stream())
                                    .toList());
            for (Outputs outputs : List.of(pass.outputs(), learner.infer(images))) {
                assertThat(outputs.tensors().asMap()).hasSize(learner.declares().size());
                for (Output declared : learner.declares()) {
                    Tensor tensor = outputs.tensors().get(declared.name());
                    assertThat(tensor.dtype()).isEqualTo(setting.dtype());
                    assertThat(tensor.shape())
                            .as(setting.model() + " " + declared.name())
                            .isEqualTo(rows(declared.rowShape()));
                }
                assertAlike(pooled(outputs.tensors().get("map/last")), outputs.features(), 1e-6);
            }
        }
    }

    private static Ints rows(Ints rowShape) {
        return Ints.of(IntStream.concat(IntStream.of(ROWS), rowShape.stream()).toArray());
    }

    /** Average over height and width of [N, C, H, W]. */
    private static Tensor pooled(Tensor map) {
        int n = map.dimension(0);
        int c = map.dimension(1);
        int area = map.dimension(2) * map.dimension(3);
        double[] mean = new double[n * c];
        for (int i = 0; i < map.size(); i++) {
            mean[i / area] += map.at(i) / area;
        }
        return Tensor.of(DType.FLOAT64, mean, n, c);
    }

    private static void assertAlike(Tensor actual, Tensor expected, double tolerance) {
        assertThat(actual.shape()).isEqualTo(expected.shape());
        double worst = 0;
        for (int i = 0; i < actual.size(); i++) {
            worst = Math.max(worst, Math.abs(actual.at(i) - expected.at(i)) / Math.max(1, Math.abs(expected.at(i))));
        }
        assertThat(worst).isLessThan(tolerance);
    }

    @ParameterizedTest
    @MethodSource("light")
    void blocksReportTheShapesOfTheirMaps(String model) {
        LearnerSetting setting = withAllMaps(model, ODD, DType.FLOAT32);
        try (NDManager manager = TorchEngine.start().newManager(DeviceChoice.parse("cpu"))) {
            Shape[] shapes = Student.of(setting, manager).getOutputShapes(new Shape[] {new Shape(5, 2, 9, 13)});

            assertThat(Stream.of(shapes)
                            .skip(2)
                            .map(shape -> Ints.of(Stream.of(shape.slice(1))
                                    .flatMapToInt(FeatureMapsTest::sizes)
                                    .toArray())))
                    .containsExactlyElementsOf(ModelCatalog.maps(model, ODD).stream()
                            .map(Output::rowShape)
                            .toList());
        }
    }

    private static IntStream sizes(Shape shape) {
        return java.util.Arrays.stream(shape.getShape()).mapToInt(Math::toIntExact);
    }

    @Test
    void theLastMapOfAResNetIsThatOfItsLastStage() {
        for (String model : List.of("resnet8", "wrn-16-2")) {
            NamedTensors outputs = trained(model).outputs();
            assertThat(outputs.get("map/last")).isEqualTo(outputs.get("map/stage3"));
            for (String name : names(model)) {
                assertThat(DoubleStream.of(outputs.get(name).toDoubles()))
                        .as(name)
                        .contains(0.0)
                        .allMatch(x -> x >= 0);
            }
        }
    }

    @Test
    void theLastMapOfADenseNetIsNormalisedAndRectified() {
        Trained trained = trained("densenet-40-12");

        assertAlike(
                trained.outputs().get("map/last"),
                normalised(trained.outputs().get("map/stage3"), trained.weights(), "bn", Double.POSITIVE_INFINITY),
                1e-12);
    }

    @Test
    void theLastMapOfAMobileNetworkIsAConvolutionOfItsLastStage() {
        for (String model : List.of("mobilenetv2", "shufflenetv2")) {
            Trained trained = trained(model);
            double limit = model.equals("mobilenetv2") ? 6 : Double.POSITIVE_INFINITY;
            Tensor convolved =
                    mixed(trained.outputs().get("map/stage4"), trained.weights().get("last.conv.weight"));

            assertAlike(
                    trained.outputs().get("map/last"),
                    normalised(convolved, trained.weights(), "last.bn", limit),
                    1e-10);
        }
    }

    /** @param outputs in evaluation mode */
    private record Trained(NamedTensors outputs, NamedTensors weights) {}

    private static Trained trained(String model) {
        try (DjlLearner learner = ModelCatalog.create(withAllMaps(model, Samples.SMALL, DType.FLOAT64))) {
            Samples.trainSmall(learner, 0, 2);
            return new Trained(
                    learner.infer(Samples.images(3, ROWS, Samples.SMALL)).tensors(), learner.snapshot());
        }
    }

    /** Batch norm by its running statistics, then {@code min(max(x, 0), limit)}. */
    private static Tensor normalised(Tensor map, NamedTensors weights, String norm, double limit) {
        int area = map.dimension(2) * map.dimension(3);
        double[] values = map.toDoubles();
        for (int i = 0; i < values.length; i++) {
            int channel = i / area % map.dimension(1);
            double x = (values[i] - weights.get(norm + ".running_mean").at(channel))
                    / Math.sqrt(weights.get(norm + ".running_var").at(channel) + EPSILON);
            double shifted = x * weights.get(norm + ".weight").at(channel)
                    + weights.get(norm + ".bias").at(channel);
            values[i] = Math.min(Math.max(shifted, 0), limit);
        }
        return Tensor.of(DType.FLOAT64, values, map.shape().toArray());
    }

    /** Convolution of kernel 1. */
    private static Tensor mixed(Tensor map, Tensor kernel) {
        int n = map.dimension(0);
        int in = map.dimension(1);
        int out = kernel.dimension(0);
        int area = map.dimension(2) * map.dimension(3);
        double[] values = new double[n * out * area];
        for (int i = 0; i < values.length; i++) {
            int image = i / (out * area);
            int filter = i / area % out;
            for (int c = 0; c < in; c++) {
                values[i] += kernel.at(filter * in + c) * map.at((image * in + c) * area + i % area);
            }
        }
        return Tensor.of(DType.FLOAT64, values, n, out, map.dimension(2), map.dimension(3));
    }

    @Test
    void anAskedMapChangesNoOtherOutput() {
        Images images = Samples.images(1, ROWS, Samples.SMALL);
        LearnerSetting plain = Samples.small(DType.FLOAT32);
        try (DjlLearner without = ModelCatalog.create(plain);
                DjlLearner with = ModelCatalog.create(plain.withMaps(List.of("map/stage2")));
                ForwardPass pass = without.forward(images);
                ForwardPass mapped = with.forward(images)) {
            assertThat(without.declares()).isEqualTo(Output.basic(Samples.CLASSES, 64));
            assertThat(pass.outputs().tensors().asMap()).containsOnlyKeys("features", "logits");
            assertThat(mapped.outputs().tensors().asMap()).containsOnlyKeys("features", "logits", "map/stage2");
            assertThat(mapped.outputs().logits()).isEqualTo(pass.outputs().logits());
            assertThat(mapped.outputs().features()).isEqualTo(pass.outputs().features());
        }
    }

    @Test
    void inferenceStacksTheMapsOfAllImages() {
        int count = 128 + 3;
        Images all = Samples.images(1, count, Samples.SMALL);
        try (DjlLearner learner = ModelCatalog.create(withAllMaps(Samples.small(DType.FLOAT64)))) {
            Samples.trainSmall(learner, 0, 2);
            Tensor map = learner.infer(all).tensors().get("map/stage1");

            assertThat(map.shape()).isEqualTo(Ints.of(count, 16, 8, 8));
            for (int image : new int[] {0, 127, 128, count - 1}) {
                int size = Samples.SMALL.size();
                Images alone = new Images(1, all.shape(), all.pixels().slice(image * size, size));
                Tensor own = learner.infer(alone).tensors().get("map/stage1");
                for (int i = 0; i < own.size(); i++) {
                    assertThat(map.at(image * own.size() + i)).isCloseTo(own.at(i), within(1e-12));
                }
            }
        }
    }

    @Test
    void theAverageOfTheWeightsIsEvaluatedWithItsMaps() {
        WeightUpdate averaged =
                new WeightUpdate(new UpdateRule.Sgd(0.9, false), 0, OptionalDouble.empty(), OptionalDouble.of(0.999));
        try (DjlLearner learner =
                ModelCatalog.create(withAllMaps(Samples.with(Samples.small(DType.FLOAT64), averaged)))) {
            Samples.trainSmall(learner, 0, 2);
            Outputs outputs = learner.infer(Samples.images(1, ROWS, Samples.SMALL));

            assertAlike(pooled(outputs.tensors().get("map/last")), outputs.features(), 1e-12);
        }
    }

    @Test
    void theMapsOfAStudentOfSeveralBranchesAreThoseOfItsFirst() {
        LearnerSetting setting = Samples.small(DType.FLOAT64);
        Images images = Samples.images(1, ROWS, Samples.SMALL);
        try (Learner branched = ModelCatalog.create(withAllMaps(setting), new OwnTeacher.Branches(3));
                DjlLearner plain = ModelCatalog.create(withAllMaps(setting))) {
            assertThat(branched.declares().stream().map(Output::name))
                    .containsExactly(
                            "logits",
                            "features",
                            "map/stage1",
                            "map/stage2",
                            "map/stage3",
                            "map/last",
                            TensorName.BRANCHES);
            Outputs outputs = branched.infer(images);
            assertThat(outputs.branches().orElseThrow().shape()).isEqualTo(Ints.of(ROWS, 3 * (Samples.CLASSES + 1)));
            Outputs alone = plain.infer(images);
            for (String name : names("resnet8")) {
                assertThat(outputs.tensors().get(name))
                        .isEqualTo(alone.tensors().get(name));
            }
        }
    }

    @Test
    void aMapThatTheNetworkLacksIsRefusedWithThoseThatItHas() {
        LearnerSetting vgg = Samples.setting("vgg16", Samples.SMALL, Samples.CLASSES, DType.FLOAT32);
        assertThatThrownBy(() -> vgg.withMaps(List.of("map/last", "map/stage6")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("feature map 'map/stage6': model vgg16 has map/stage1, map/stage2, map/stage3, map/stage4,"
                        + " map/stage5, map/last");
        LearnerSetting hidden = Samples.setting("mlp32", Samples.SMALL, Samples.CLASSES, DType.FLOAT32);
        assertThatThrownBy(() -> hidden.withMaps(List.of("map/last")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("feature map 'map/last': model mlp32 has none");
        assertThat(hidden.maps()).isEmpty();
        assertThat(ModelCatalog.maps("mlp32", CIFAR)).isEmpty();
    }

    @Test
    void mapsAreKeptInTheOrderOfTheNetwork() {
        LearnerSetting setting = Samples.small(DType.FLOAT32);

        assertThat(setting.withMaps(List.of("map/last", "map/stage2", "map/last"))
                        .maps())
                .containsExactly("map/stage2", "map/last");
        assertThat(setting.withMaps(List.of("map/last")).untrained().maps()).isEmpty();
    }
}
