package dev.cohort.peer.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.peer.Learner.ForwardPass;
import dev.cohort.peer.Learner.Outputs;
import dev.cohort.protocol.ImageShape;
import dev.cohort.protocol.Images;
import dev.cohort.protocol.TensorName;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.security.MessageDigest;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class DjlLearnerTest {
    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "FLOAT64"})
    void equalSettingsAndStepsGiveEqualBits(DType dtype) {
        try (DjlLearner one = ModelCatalog.create(Samples.small(dtype));
                DjlLearner two = ModelCatalog.create(Samples.small(dtype));
                DjlLearner other = ModelCatalog.create(Samples.withSeed(Samples.small(dtype), 8))) {
            assertThat(one.weights()).isEqualTo(two.weights()).isNotEqualTo(other.weights());
            Samples.trainSmall(one, 0, 5);
            Samples.trainSmall(two, 0, 5);

            assertThat(two.weights()).isEqualTo(one.weights());
            assertThat(two.snapshot()).isEqualTo(one.snapshot());
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "FLOAT64"})
    void continuesFromASnapshotAsIfNothingHadHappened(DType dtype) {
        try (DjlLearner uninterrupted = ModelCatalog.create(Samples.small(dtype));
                DjlLearner restored = ModelCatalog.create(Samples.withSeed(Samples.small(dtype), 99));
                DjlLearner forgetful = ModelCatalog.create(Samples.small(dtype))) {
            Samples.trainSmall(uninterrupted, 0, 5);
            NamedTensors snapshot = uninterrupted.snapshot();
            Samples.trainSmall(uninterrupted, 5, 10);
            Samples.trainSmall(restored, 50, 52);
            restored.restore(snapshot);
            Samples.trainSmall(restored, 5, 10);
            forgetful.restore(withoutMomentum(snapshot));
            Samples.trainSmall(forgetful, 5, 10);

            assertThat(restored.snapshot()).isEqualTo(uninterrupted.snapshot());
            assertThat(forgetful.weights()).isNotEqualTo(uninterrupted.weights());
        }
    }

    private static NamedTensors withoutMomentum(NamedTensors snapshot) {
        Map<String, Tensor> changed = new TreeMap<>();
        snapshot.asMap()
                .forEach((name, tensor) -> changed.put(
                        name,
                        name.startsWith(Sgd.MOMENTUM)
                                ? Tensor.of(
                                        tensor.dtype(),
                                        new double[tensor.size()],
                                        tensor.shape().toArray())
                                : tensor));
        return NamedTensors.of(changed);
    }

    @ParameterizedTest
    @CsvSource({"0, false, 0", "0, false, 0.01", "0.9, false, 0.01", "0.9, true, 0.01"})
    void updatesAsPyTorchDoes(double momentum, boolean nesterov, double decay) {
        LearnerSetting setting = Samples.withSgd(Samples.small(DType.FLOAT64), momentum, nesterov, decay);
        try (DjlLearner learner = ModelCatalog.create(setting)) {
            Map<String, double[]> velocities = new TreeMap<>();
            for (int step = 0; step < 3; step++) {
                double rate = 0.1 / (step + 1);
                NamedTensors before = learner.snapshot();
                learner.backward(
                        learner.forward(Samples.images(step, 4, Samples.SMALL)),
                        NamedTensors.of(TensorName.LOGITS, Samples.numbers(step, 0.3, 4, Samples.CLASSES)));
                NamedTensors gradients = learner.gradients();
                learner.update(rate);
                NamedTensors after = learner.snapshot();
                double worst = 0;
                for (String name : gradients.asMap().keySet()) {
                    Tensor gradient = gradients.get(name);
                    double[] v = velocities.computeIfAbsent(name, n -> new double[gradient.size()]);
                    for (int i = 0; i < v.length; i++) {
                        double d = gradient.at(i) + decay * before.get(name).at(i);
                        v[i] = momentum * v[i] + d;
                        double change = nesterov ? d + momentum * v[i] : v[i];
                        double expected = before.get(name).at(i) - rate * change;
                        worst = Math.max(worst, Math.abs(after.get(name).at(i) - expected));
                    }
                }
                assertThat(worst).isLessThan(1e-14);
            }
        }
    }

    @Test
    void inferenceUsesRunningStatisticsAndChangesNothing() {
        try (DjlLearner learner = ModelCatalog.create(Samples.small(DType.FLOAT64))) {
            Samples.trainSmall(learner, 0, 3);
            Images images = Samples.images(1, 4, Samples.SMALL);
            Digest before = learner.weights();
            Outputs evaluated = learner.infer(images);

            assertThat(learner.weights()).isEqualTo(before);
            try (ForwardPass pass = learner.forward(images)) {
                assertThat(pass.outputs().logits()).isNotEqualTo(evaluated.logits());
            }
            assertThat(learner.weights()).isNotEqualTo(before);
        }
    }

    @Test
    void inferenceTreatsEachImageSeparately() {
        try (DjlLearner learner = ModelCatalog.create(Samples.small(DType.FLOAT64))) {
            Samples.trainSmall(learner, 0, 3);
            int count = 2 * 128 + 17;
            Outputs all = learner.infer(Samples.images(1, count, Samples.SMALL));

            assertThat(all.logits().shape().toArray()).containsExactly(count, Samples.CLASSES);
            assertThat(all.features().shape().toArray()).containsExactly(count, 64);
            for (int image : new int[] {0, 127, 128, count - 1}) {
                Outputs alone = learner.infer(only(image, Samples.images(1, count, Samples.SMALL)));
                for (int c = 0; c < Samples.CLASSES; c++) {
                    assertThat(all.logits().at(image * Samples.CLASSES + c))
                            .isCloseTo(alone.logits().at(c), within(1e-12));
                }
            }
        }
    }

    private static Images only(int image, Images images) {
        int size = images.shape().size();
        return new Images(1, images.shape(), images.pixels().slice(image * size, size));
    }

    @Test
    void logitsAreTheLinearLayerOfTheFeatures() {
        try (DjlLearner learner = ModelCatalog.create(Samples.small(DType.FLOAT64));
                ForwardPass pass = learner.forward(Samples.images(1, 4, Samples.SMALL))) {
            NamedTensors weights = learner.snapshot();
            Outputs outputs = pass.outputs();
            assertThat(outputs.features().shape().toArray()).containsExactly(4, learner.featureWidth());
            for (int row = 0; row < 4; row++) {
                for (int c = 0; c < Samples.CLASSES; c++) {
                    double sum = weights.get("fc.bias").at(c);
                    for (int d = 0; d < 64; d++) {
                        sum += weights.get("fc.weight").at(c * 64 + d)
                                * outputs.features().at(row * 64 + d);
                    }
                    assertThat(outputs.logits().at(row * Samples.CLASSES + c)).isCloseTo(sum, within(1e-12));
                }
            }
        }
    }

    @Test
    void floatAndDoubleNetworksComputeTheSame() {
        try (DjlLearner single = ModelCatalog.create(Samples.small(DType.FLOAT32));
                DjlLearner twice = ModelCatalog.create(Samples.small(DType.FLOAT64));
                ForwardPass coarse = single.forward(Samples.images(1, 4, Samples.SMALL));
                ForwardPass fine = twice.forward(Samples.images(1, 4, Samples.SMALL))) {
            assertThat(coarse.outputs().logits().dtype()).isEqualTo(DType.FLOAT32);
            assertThat(fine.outputs().logits().dtype()).isEqualTo(DType.FLOAT64);
            for (int i = 0; i < 4 * Samples.CLASSES; i++) {
                assertThat(coarse.outputs().logits().at(i))
                        .isCloseTo(fine.outputs().logits().at(i), within(1e-4));
            }
        }
    }

    @Test
    void trainingOnLabelsLowersTheirLoss() {
        try (DjlLearner learner = ModelCatalog.create(Samples.small(DType.FLOAT32))) {
            double first = Samples.labelStep(learner, Samples.SMALL, 0.05);
            double last = first;
            for (int step = 0; step < 30; step++) {
                last = Samples.labelStep(learner, Samples.SMALL, 0.05);
            }
            assertThat(last).isLessThan(0.2 * first);
        }
    }

    @Test
    void theWeightsDigestCoversParametersAndStatisticsInTheOrderOfTheirNames() throws Exception {
        try (DjlLearner learner = ModelCatalog.create(Samples.small(DType.FLOAT32))) {
            Samples.trainSmall(learner, 0, 1);
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            learner.snapshot().asMap().forEach((name, tensor) -> {
                if (!name.startsWith(Sgd.MOMENTUM)) {
                    sha.update(tensor.bytes());
                }
            });
            assertThat(learner.weights()).isEqualTo(Digest.ofBytes(sha.digest()));
        }
    }

    @Test
    void aSnapshotThatDoesNotFitIsRefusedAndChangesNothing() {
        try (DjlLearner learner = ModelCatalog.create(Samples.small(DType.FLOAT32));
                DjlLearner deeper = ModelCatalog.create(
                        Samples.setting("resnet14", Samples.SMALL, Samples.CLASSES, DType.FLOAT32));
                DjlLearner moreClasses =
                        ModelCatalog.create(Samples.setting("resnet8", Samples.SMALL, 5, DType.FLOAT32));
                DjlLearner twice = ModelCatalog.create(Samples.small(DType.FLOAT64));
                DjlLearner plain = ModelCatalog.create(Samples.withSgd(Samples.small(DType.FLOAT32), 0, false, 0))) {
            Digest before = learner.weights();
            assertThatThrownBy(() -> learner.restore(deeper.snapshot()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("snapshot does not fit resnet8: it lacks 0 tensors");
            assertThatThrownBy(() -> learner.restore(plain.snapshot()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("lacks 23 tensors (momentum/bn1.bias, ...)");
            assertThatThrownBy(() -> learner.restore(moreClasses.snapshot()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("snapshot does not fit resnet8: fc.bias is FLOAT32[5] and must be FLOAT32[3]");
            assertThatThrownBy(() -> learner.restore(twice.snapshot()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("must be FLOAT32");
            assertThat(learner.weights()).isEqualTo(before);
        }
    }

    @Test
    void restoringClosesParkedPassesAndDropsGradients() {
        try (DjlLearner learner = ModelCatalog.create(Samples.small(DType.FLOAT32))) {
            NamedTensors start = learner.snapshot();
            int held = learner.arraysHeld();
            ForwardPass pass = learner.forward(Samples.images(1, 4, Samples.SMALL));
            learner.backward(
                    learner.forward(Samples.images(1, 4, Samples.SMALL)),
                    NamedTensors.of(TensorName.LOGITS, Samples.numbers(1, 1, 4, Samples.CLASSES)));
            learner.restore(start);

            assertThat(learner.arraysHeld()).isEqualTo(held);
            assertThat(learner.gradients()).isEqualTo(NamedTensors.none());
            assertThatThrownBy(() -> learner.backward(
                            pass, NamedTensors.of(TensorName.LOGITS, Samples.numbers(1, 1, 4, Samples.CLASSES))))
                    .isInstanceOf(IllegalStateException.class);
            Samples.trainSmall(learner, 0, 2);
            try (DjlLearner fresh = ModelCatalog.create(Samples.small(DType.FLOAT32))) {
                Samples.trainSmall(fresh, 0, 2);
                assertThat(learner.snapshot()).isEqualTo(fresh.snapshot());
            }
        }
    }

    @Test
    void imagesOfAnotherSizeAreRefused() {
        try (DjlLearner learner = ModelCatalog.create(Samples.small(DType.FLOAT32))) {
            Images wide = Samples.images(1, 2, new ImageShape(8, 9, 1));

            assertThatThrownBy(() -> learner.forward(wide)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> learner.infer(wide)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void aSingleImageThatBatchNormCannotUseIsRefusedWithTheFix() {
        try (DjlLearner learner =
                ModelCatalog.create(Samples.setting("shufflenetv2", Samples.SMALL, Samples.CLASSES, DType.FLOAT32))) {
            int held = learner.arraysHeld();

            assertThatThrownBy(() -> learner.forward(Samples.images(1, 1, Samples.SMALL)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("choose run.batch_size");
            assertThat(learner.arraysHeld()).isEqualTo(held);
        }
    }
}
