package dev.cohort.peer.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.peer.Learner.ForwardPass;
import dev.cohort.peer.Learner.Output;
import dev.cohort.peer.Learner.Outputs;
import dev.cohort.protocol.ImageShape;
import dev.cohort.protocol.Images;
import dev.cohort.protocol.TensorName;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.List;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Gradients of the loss with respect to feature maps. */
class MapGradientTest {
    private static final int ROWS = 4;
    private static final Images IMAGES = Samples.images(1, ROWS, Samples.SMALL);

    private static LearnerSetting setting(String model, DType dtype) {
        return Samples.setting(model, Samples.SMALL, Samples.CLASSES, dtype);
    }

    private static LearnerSetting withAllMaps(LearnerSetting setting) {
        return setting.withMaps(ModelCatalog.maps(setting.model(), setting.image()).stream()
                .map(Output::name)
                .toList());
    }

    /** Normal numbers times {@code scale} for each output of the pass, other numbers for each. */
    private static NamedTensors gradients(Outputs outputs, double scale) {
        SortedMap<String, Tensor> gradients = new TreeMap<>();
        outputs.tensors()
                .asMap()
                .forEach((name, output) -> gradients.put(
                        name,
                        Samples.numbers(gradients.size(), scale, output.shape().toArray())));
        return NamedTensors.of(gradients);
    }

    private static NamedTensors shapedLikeOutputs(DjlLearner learner) {
        try (ForwardPass pass = learner.forward(IMAGES)) {
            return gradients(pass.outputs(), 0.1);
        }
    }

    @ParameterizedTest
    @CsvSource({"resnet8, 23", "densenet-40-12, 6"})
    void gradientsOfAllOutputsReachTheWeightsAsInFiniteDifferences(String model, int checked) {
        try (DjlLearner learner = ModelCatalog.create(withAllMaps(setting(model, DType.FLOAT64)))) {
            NamedTensors weights = learner.snapshot();
            NamedTensors injected = shapedLikeOutputs(learner);
            learner.backward(learner.forward(IMAGES), injected);
            NamedTensors gradients = learner.gradients();
            Random random = new Random(5);

            List<String> names = List.copyOf(gradients.asMap().keySet());
            for (int k = 0; k < checked; k++) {
                String name = names.get(k * names.size() / checked);
                int index = random.nextInt(gradients.get(name).size());
                double slope = slope(learner, weights, injected, name, index);
                assertThat(gradients.get(name).at(index))
                        .as(name)
                        .isCloseTo(slope, within(1e-6 * Math.max(1, Math.abs(slope))));
            }
        }
    }

    /** Central difference in one weight of the loss whose gradients are those injected: linear in the outputs. */
    private static double slope(
            DjlLearner learner, NamedTensors weights, NamedTensors injected, String name, int index) {
        double width = 1e-6;
        double value = weights.get(name).at(index);
        return (loss(learner, Samples.withElement(weights, name, index, value + width), injected)
                        - loss(learner, Samples.withElement(weights, name, index, value - width), injected))
                / (2 * width);
    }

    private static double loss(DjlLearner learner, NamedTensors weights, NamedTensors injected) {
        learner.restore(weights);
        try (ForwardPass pass = learner.forward(IMAGES)) {
            double sum = 0;
            for (String name : injected.asMap().keySet()) {
                Tensor output = pass.outputs().tensors().get(name);
                for (int i = 0; i < output.size(); i++) {
                    sum += injected.get(name).at(i) * output.at(i);
                }
            }
            return sum;
        }
    }

    /** A stage ends where the weights begin that its map does not depend on. */
    @ParameterizedTest
    @CsvSource({
        "resnet8, map/stage1, layer1., layer2.",
        "resnet8, map/stage2, layer2., layer3.",
        "resnet8, map/stage3, layer3., fc.",
        "wrn-16-2, map/stage1, block2.0.bn1., block2.0.conv1.",
        "wrn-16-2, map/stage2, block3.0.bn1., block3.0.conv1.",
        "wrn-16-2, map/stage3, bn1., fc.",
        "vgg16, map/stage1, conv2., conv3.",
        "vgg16, map/stage2, conv4., conv5.",
        "vgg16, map/stage3, conv7., conv8.",
        "vgg16, map/stage4, conv10., conv11.",
        "vgg16, map/stage5, conv13., fc.",
        "densenet-40-12, map/stage1, dense1., transition1.",
        "densenet-40-12, map/stage2, dense2., transition2.",
        "densenet-40-12, map/stage3, dense3., bn.",
        "densenet-40-12, map/last, bn., fc.",
        "mobilenetv2, map/stage1, unit3., unit4.",
        "mobilenetv2, map/stage2, unit6., unit7.",
        "mobilenetv2, map/stage3, unit13., unit14.",
        "mobilenetv2, map/stage4, unit17., last.",
        "mobilenetv2, map/last, last., fc.",
        "shufflenetv2, map/stage1, first., stage2.",
        "shufflenetv2, map/stage2, stage2., stage3.",
        "shufflenetv2, map/stage3, stage3., stage4.",
        "shufflenetv2, map/stage4, stage4., last.",
        "shufflenetv2, map/last, last., fc."
    })
    void theGradientOfAMapReachesTheWeightsUpToItsStage(String model, String map, String reached, String beyond) {
        try (DjlLearner learner =
                ModelCatalog.create(setting(model, DType.FLOAT32).withMaps(List.of(map)))) {
            ForwardPass pass = learner.forward(IMAGES);
            learner.backward(
                    pass, NamedTensors.of(map, gradients(pass.outputs(), 1).get(map)));

            SortedMap<String, Tensor> gradients = learner.gradients().asMap();
            assertThat(largest(gradients, reached)).isPositive();
            assertThat(largest(gradients, beyond)).isZero();
        }
    }

    private static double largest(SortedMap<String, Tensor> gradients, String prefix) {
        return gradients.entrySet().stream()
                .filter(entry -> entry.getKey().startsWith(prefix))
                .flatMapToDouble(
                        entry -> java.util.Arrays.stream(entry.getValue().toDoubles()))
                .map(Math::abs)
                .max()
                .orElseThrow();
    }

    @ParameterizedTest
    @ValueSource(strings = {"resnet8", "wrn-16-2", "densenet-40-12", "mobilenetv2", "shufflenetv2"})
    void zeroGradientsOfMapsUpdateToTheSameBits(String model) {
        LearnerSetting setting = Samples.setting(model, new ImageShape(9, 13, 2), Samples.CLASSES, DType.FLOAT32);
        try (DjlLearner without = ModelCatalog.create(setting);
                DjlLearner with = ModelCatalog.create(withAllMaps(setting))) {
            for (int step = 0; step < 3; step++) {
                for (DjlLearner learner : List.of(without, with)) {
                    ForwardPass pass = learner.forward(Samples.images(step, ROWS, setting.image()));
                    NamedTensors all = gradients(pass.outputs(), 0)
                            .with(TensorName.LOGITS, Samples.numbers(step, 0.1, ROWS, Samples.CLASSES));
                    learner.backward(pass, all);
                    learner.update(0.05);
                }
            }
            assertThat(with.snapshot()).isEqualTo(without.snapshot());
        }
    }

    @Test
    void snapshotsFitWhateverMapsAreAskedFor() {
        LearnerSetting setting = setting("resnet8", DType.FLOAT32);
        try (DjlLearner with = ModelCatalog.create(withAllMaps(setting));
                DjlLearner restored = ModelCatalog.create(withAllMaps(Samples.withSeed(setting, 99)));
                DjlLearner without = ModelCatalog.create(Samples.withSeed(setting, 98))) {
            step(with, 0);
            NamedTensors snapshot = with.snapshot();
            step(with, 1);
            restored.restore(snapshot);
            step(restored, 1);
            without.restore(snapshot);

            assertThat(restored.snapshot()).isEqualTo(with.snapshot());
            assertThat(without.snapshot()).isEqualTo(snapshot);
        }
    }

    private static void step(DjlLearner learner, int seed) {
        ForwardPass pass = learner.forward(Samples.images(seed, ROWS, Samples.SMALL));
        learner.backward(pass, gradients(pass.outputs(), 0.1));
        learner.update(0.05);
    }

    @Test
    void aPassFreesItsMaps() {
        try (DjlLearner learner = ModelCatalog.create(withAllMaps(setting("densenet-40-12", DType.FLOAT32)))) {
            int held = learner.arraysHeld();
            step(learner, 0);
            assertThat(learner.arraysHeld()).isEqualTo(held);
            learner.forward(IMAGES).close();
            learner.infer(IMAGES);
            assertThat(learner.arraysHeld()).isEqualTo(held);
        }
    }

    @Test
    void theGradientOfAMapThatWasNotAskedForIsRefused() {
        try (DjlLearner learner =
                ModelCatalog.create(setting("resnet8", DType.FLOAT32).withMaps(List.of("map/stage2")))) {
            ForwardPass pass = learner.forward(IMAGES);

            assertThatThrownBy(() -> learner.backward(
                            pass, NamedTensors.of("map/stage1", Samples.numbers(1, 1, ROWS, 16, 8, 8))))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("gradients of [map/stage1]: this student outputs [logits, features, map/stage2]");
            assertThatThrownBy(() -> learner.backward(
                            pass, NamedTensors.of("map/stage2", Samples.numbers(1, 1, ROWS, 16, 8, 8))))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("gradient of the map/stage2 of shape [4, 16, 8, 8]: must be [4, 32, 4, 4],"
                            + " the shape of the output");
        }
    }
}
