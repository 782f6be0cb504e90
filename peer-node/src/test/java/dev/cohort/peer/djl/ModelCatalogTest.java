package dev.cohort.peer.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import dev.cohort.peer.Learner.ForwardPass;
import dev.cohort.peer.Learner.Outputs;
import dev.cohort.protocol.ImageShape;
import dev.cohort.protocol.TensorName;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelCatalogTest {
    private static final ImageShape CIFAR = new ImageShape(32, 32, 3);
    /** Networks from this size on are left to the slow tests. */
    private static final long HEAVY = 1_500_000;
    /**
     * Images of 8x8 end as maps of 1x1 in several networks. Batch norm over two such values multiplies gradients by up to 300
     * per layer, so the result depends on the processor; over eight values it does not.
     */
    private static final int ROWS = 8;

    @Test
    void namesAreThoseOfTheExperimentFile() {
        assertThat(ModelCatalog.names())
                .containsExactly(
                        "resnet8",
                        "resnet14",
                        "resnet20",
                        "resnet32",
                        "resnet56",
                        "resnet110",
                        "wrn-16-2",
                        "wrn-28-10",
                        "vgg16",
                        "densenet-40-12",
                        "mobilenetv2",
                        "shufflenetv2",
                        "mlp32");
        assertThat(ModelCatalog.find("resnet9")).isEmpty();
        assertThatThrownBy(() -> ModelCatalog.featureWidth("resnet9"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("model 'resnet9': must be one of resnet8, resnet14,");
    }

    /** Millions of parameters on CIFAR-10, as the papers print them. */
    @ParameterizedTest
    @CsvSource({
        "resnet20, 0.27",
        "resnet32, 0.46",
        "resnet56, 0.85",
        "resnet110, 1.7",
        "wrn-28-10, 36.5",
        "densenet-40-12, 1.0"
    })
    void sizesAreThosePublished(String model, String millions) {
        long parameters = ModelCatalog.find(model).orElseThrow().parameters();
        int digits = millions.length() - millions.indexOf('.') - 1;

        assertThat(String.format("%." + digits + "f", parameters / 1e6)).isEqualTo(millions);
    }

    static Stream<Architecture> light() {
        return ModelCatalog.all().stream().filter(a -> a.parameters() < HEAVY);
    }

    static Stream<Architecture> heavy() {
        return ModelCatalog.all().stream().filter(a -> a.parameters() >= HEAVY);
    }

    @ParameterizedTest
    @MethodSource("light")
    void networksHaveTheParametersOfTheCatalogue(Architecture architecture) {
        assertThat(parameters(architecture.name(), 3, 10)).isEqualTo(architecture.parameters());
    }

    @Tag("slow")
    @ParameterizedTest
    @MethodSource("heavy")
    void heavyNetworksHaveTheParametersOfTheCatalogue(Architecture architecture) {
        assertThat(parameters(architecture.name(), 3, 10)).isEqualTo(architecture.parameters());
    }

    /** The two whose ImageNet sizes are published to the last parameter, with torchvision's models. */
    @ParameterizedTest
    @CsvSource({"mobilenetv2, 3504872", "shufflenetv2, 2278604"})
    void mobileNetworksHaveTheirPublishedImageNetSize(String model, long published) {
        assertThat(parameters(model, 3, 1000)).isEqualTo(published);
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 14, 20, 32, 56, 110})
    void resNetsHaveTheParametersOfTheirFormula(int depth) {
        int n = (depth - 2) / 6;
        int weights = 9 * 16 + 9 * (2 * n * 16 * 16);
        weights += 9 * (16 * 32 + (2 * n - 1) * 32 * 32);
        weights += 9 * (32 * 64 + (2 * n - 1) * 64 * 64);
        int norms = 2 * (16 + 2 * n * (16 + 32 + 64));

        assertThat(parameters("resnet" + depth, 1, 7)).isEqualTo(weights + norms + 64 * 7 + 7);
    }

    @Test
    void wideResNetHasTheParametersOfItsFormula() {
        long weights = 27 * 16;
        long norms = 0;
        int in = 16;
        for (int out : new int[] {32, 64, 128}) {
            weights += 9 * in * out + in * out + 3L * 9 * out * out;
            norms += 2L * (in + 3 * out);
            in = out;
        }
        assertThat(parameters("wrn-16-2", 3, 10)).isEqualTo(weights + norms + 2 * 128 + 128 * 10 + 10);
    }

    /** The widths of the code of Walawalkar et al.; their shares are whole percents here, so nothing is rounded before. */
    @ParameterizedTest
    @CsvSource({
        "resnet110, 16 32 64",
        "resnet110-w80, 12 25 51",
        "resnet110-w60, 9 19 38",
        "resnet110-w40, 6 12 25",
        "resnet110-w20, 3 6 12"
    })
    void thinnerNetworksHaveTheirChannelsRoundedDown(String model, String channels) {
        Architecture architecture = ModelCatalog.find(model).orElseThrow();

        assertThat(architecture.thinned(16) + " " + architecture.thinned(32) + " " + architecture.thinned(64))
                .isEqualTo(channels);
        assertThat(architecture.featureWidth()).isEqualTo(architecture.thinned(64));
    }

    static Stream<Architecture> thinner() {
        return ModelCatalog.thinner().stream()
                .filter(a -> a.name().startsWith("resnet8-") || a.name().startsWith("resnet20-"));
    }

    @ParameterizedTest
    @MethodSource("thinner")
    void thinnerNetworksHaveTheParametersOfTheCatalogue(Architecture architecture) {
        assertThat(parameters(architecture.name(), 3, 10)).isEqualTo(architecture.parameters());
    }

    @ParameterizedTest
    @MethodSource("thinner")
    void thinnerNetworksTrainOneStep(Architecture architecture) {
        trainsOneStep(architecture, CIFAR);
    }

    @Test
    void theNarrowestNetworkHasTheParametersCountedByHand() {
        int convolutions = 9 * (3 * 3 + 2 * 3 * 3 + (3 * 6 + 6 * 6) + (6 * 12 + 12 * 12));
        int norms = 2 * (3 + 2 * (3 + 6 + 12));

        assertThat(ModelCatalog.find("resnet8-w20").orElseThrow().parameters())
                .isEqualTo(convolutions + norms + 12 * 10 + 10);
        assertThat(ModelCatalog.find("resnet8-w30")).isEmpty();
        assertThat(ModelCatalog.find("vgg16-w60")).isEmpty();
    }

    @Test
    void denseNetHasTheParametersOfItsFormula() {
        long sum = 27 * 16;
        int channels = 16;
        for (int layer = 0; layer < 36; layer++) {
            sum += 2L * channels + 9L * channels * 12;
            channels += 12;
            if (layer == 11 || layer == 23) {
                sum += 2L * channels + (long) channels * channels;
            }
        }
        assertThat(channels).isEqualTo(448);
        assertThat(parameters("densenet-40-12", 3, 10)).isEqualTo(sum + 2 * 448 + 4480 + 10);
    }

    private static long parameters(String model, int channels, int classes) {
        ImageShape image = new ImageShape(32, 32, channels);
        try (NDManager manager = TorchEngine.start().newManager(DeviceChoice.parse("cpu"))) {
            return Student.of(Samples.setting(model, image, classes, DType.FLOAT32), manager)
                    .namedParameters()
                    .values()
                    .stream()
                    .filter(Parameter::requiresGradient)
                    .mapToLong(parameter -> parameter.getArray().size())
                    .sum();
        }
    }

    @ParameterizedTest
    @MethodSource("light")
    void everyNetworkTrainsOneStep(Architecture architecture) {
        trainsOneStep(architecture, CIFAR);
    }

    @Tag("slow")
    @ParameterizedTest
    @MethodSource("heavy")
    void everyHeavyNetworkTrainsOneStep(Architecture architecture) {
        trainsOneStep(architecture, CIFAR);
    }

    @ParameterizedTest
    @MethodSource("light")
    void everyNetworkTakesSmallAndOddImages(Architecture architecture) {
        trainsOneStep(architecture, new ImageShape(8, 8, 1));
        trainsOneStep(architecture, new ImageShape(9, 13, 2));
    }

    @Tag("slow")
    @ParameterizedTest
    @MethodSource("heavy")
    void everyHeavyNetworkTakesSmallAndOddImages(Architecture architecture) {
        trainsOneStep(architecture, new ImageShape(8, 8, 1));
        trainsOneStep(architecture, new ImageShape(9, 13, 2));
    }

    private static void trainsOneStep(Architecture architecture, ImageShape image) {
        LearnerSetting setting = Samples.setting(architecture.name(), image, 10, DType.FLOAT32);
        try (DjlLearner learner = ModelCatalog.create(setting)) {
            var before = learner.weights();
            try (ForwardPass pass = learner.forward(Samples.images(1, ROWS, image))) {
                assertFits(pass.outputs(), architecture);
                learner.backward(
                        pass,
                        NamedTensors.of(TensorName.LOGITS, Samples.numbers(1, 0.1, ROWS, 10))
                                .with(
                                        TensorName.FEATURES,
                                        Samples.numbers(2, 0.01, ROWS, architecture.featureWidth())));
            }
            learner.gradients()
                    .asMap()
                    .forEach((name, gradient) ->
                            assertThat(gradient.isFinite()).as(name).isTrue());
            // Batch norm over two pixels multiplies gradients layer by layer; a large step from them ends in infinity.
            learner.update(1e-6);
            assertThat(learner.weights()).isNotEqualTo(before);
            assertFits(learner.infer(Samples.images(2, ROWS, image)), architecture);
        }
    }

    @ParameterizedTest
    @MethodSource("light")
    void aSingleImageIsEnoughWhereTheCatalogueAllowsIt(Architecture architecture) {
        takesASingleImageIfAllowed(architecture);
    }

    @Tag("slow")
    @ParameterizedTest
    @MethodSource("heavy")
    void aSingleImageIsEnoughForHeavyNetworksWhereTheCatalogueAllowsIt(Architecture architecture) {
        takesASingleImageIfAllowed(architecture);
    }

    private static void takesASingleImageIfAllowed(Architecture architecture) {
        for (ImageShape image : List.of(
                new ImageShape(8, 8, 1),
                new ImageShape(9, 8, 1),
                new ImageShape(28, 28, 1),
                new ImageShape(32, 32, 3))) {
            try (DjlLearner learner =
                    ModelCatalog.create(Samples.setting(architecture.name(), image, 10, DType.FLOAT32))) {
                ThrowingCallable forward =
                        () -> learner.forward(Samples.images(1, 1, image)).close();
                if (architecture.rowsMin(image) == 1) {
                    assertThatCode(forward)
                            .as(architecture.name() + " " + image)
                            .doesNotThrowAnyException();
                } else {
                    assertThatThrownBy(forward)
                            .as(architecture.name() + " " + image)
                            .hasMessageContaining("run.batch_size");
                }
            }
        }
    }

    /** Fashion-MNIST is 28x28: four pools of VGG leave a pixel. */
    @Test
    void catalogueKnowsWhichNetworksNeedTwoImages() {
        assertThat(ModelCatalog.get("vgg16").rowsMin(new ImageShape(28, 28, 1))).isEqualTo(2);
        assertThat(ModelCatalog.get("vgg16").rowsMin(CIFAR)).isEqualTo(1);
        assertThat(ModelCatalog.get("shufflenetv2").rowsMin(new ImageShape(8, 8, 1)))
                .isEqualTo(2);
        assertThat(ModelCatalog.get("resnet8").rowsMin(new ImageShape(8, 8, 1))).isEqualTo(1);
        assertThat(ModelCatalog.get("mlp32").rowsMin(new ImageShape(8, 8, 1))).isEqualTo(1);
    }

    private static void assertFits(Outputs outputs, Architecture architecture) {
        assertThat(outputs.logits().shape().toArray()).containsExactly(ROWS, 10);
        assertThat(outputs.features().shape().toArray()).containsExactly(ROWS, architecture.featureWidth());
        for (Tensor tensor : List.of(outputs.logits(), outputs.features())) {
            assertThat(tensor.isFinite()).as(architecture.name()).isTrue();
        }
    }

    @Tag("slow")
    @ParameterizedTest
    @MethodSource("light")
    void everyNetworkLearnsTheLabelsOfAFewImages(Architecture architecture) {
        ImageShape image = new ImageShape(16, 16, 1);
        try (DjlLearner learner =
                ModelCatalog.create(Samples.setting(architecture.name(), image, Samples.CLASSES, DType.FLOAT32))) {
            double first = Samples.labelStep(learner, image, 0.02);
            double last = first;
            for (int step = 0; step < 25; step++) {
                last = Samples.labelStep(learner, image, 0.02);
            }
            assertThat(last).as(architecture.name()).isLessThan(0.5 * first);
        }
    }

    @ParameterizedTest
    @MethodSource("light")
    void blocksReportTheirOutputShapes(Architecture architecture) {
        try (NDManager manager = TorchEngine.start().newManager(DeviceChoice.parse("cpu"))) {
            Student student = Student.of(Samples.setting(architecture.name(), CIFAR, 10, DType.FLOAT32), manager);

            assertThat(student.getOutputShapes(new Shape[] {new Shape(5, 3, 32, 32)}))
                    .containsExactly(new Shape(5, 10), new Shape(5, architecture.featureWidth()));
        }
    }
}
