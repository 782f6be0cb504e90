package dev.cohort.peer.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.engine.Engine;
import dev.cohort.protocol.ImageShape;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class InitialWeightsTest {
    private static final LearnerSetting SETTING =
            Samples.setting("resnet20", new ImageShape(32, 32, 3), 100, DType.FLOAT64);

    private static NamedTensors weights(LearnerSetting setting) {
        try (DjlLearner learner = ModelCatalog.create(setting)) {
            return learner.snapshot();
        }
    }

    @Test
    void convolutionsAreNormalWithHesDeviation() {
        Tensor kernel = weights(SETTING).get("layer3.1.conv2.weight");
        double[] values = kernel.toDoubles();
        double mean = Arrays.stream(values).average().orElseThrow();
        double square = Arrays.stream(values).map(v -> v * v).average().orElseThrow();
        double fourth = Arrays.stream(values).map(v -> v * v * v * v).average().orElseThrow();

        assertThat(kernel.shape().toArray()).containsExactly(64, 64, 3, 3);
        assertThat(mean).isCloseTo(0, within(1e-3));
        assertThat(square).isCloseTo(2.0 / (64 * 9), within(0.02 * 2.0 / (64 * 9)));
        assertThat(fourth / (square * square)).isCloseTo(3, within(0.15));
    }

    @Test
    void depthwiseConvolutionsCountOnlyTheirOwnOutputs() {
        double square = Arrays.stream(weights(Samples.setting("mobilenetv2", Samples.SMALL, 10, DType.FLOAT32))
                        .get("unit17.conv.weight")
                        .toDoubles())
                .map(v -> v * v)
                .average()
                .orElseThrow();

        assertThat(square).isCloseTo(2.0 / 9, within(0.02));
    }

    @Test
    void theLinearLayerIsUniformWithinOneByTheRootOfItsInputs() {
        NamedTensors weights = weights(SETTING);
        for (String name : new String[] {"fc.weight", "fc.bias"}) {
            double[] values = weights.get(name).toDoubles();
            double bound = 1.0 / 8;
            assertThat(Arrays.stream(values).map(Math::abs).max().orElseThrow()).isBetween(0.95 * bound, bound);
            assertThat(Arrays.stream(values).map(v -> v * v).average().orElseThrow())
                    .isCloseTo(bound * bound / 3, within(0.1 * bound * bound));
        }
    }

    @Test
    void batchNormStartsAsTheIdentity() {
        NamedTensors weights = weights(SETTING);
        weights.asMap().forEach((name, tensor) -> {
            boolean zero = name.matches("(.*\\.)?bn[12]\\.(bias|running_mean)") || name.startsWith("momentum/");
            boolean one = !zero && name.matches("(.*\\.)?bn[12]\\.(weight|running_var)");
            if (one || zero) {
                double expected = one ? 1 : 0;
                assertThat(Arrays.stream(tensor.toDoubles()).allMatch(v -> v == expected))
                        .as(name)
                        .isTrue();
            }
        });
    }

    /** Recorded once: a change here changes the initial weights of every recorded run. */
    @Test
    void theFirstWeightsOfASeedNeverChange() {
        NamedTensors weights = weights(SETTING);

        assertThat(Arrays.copyOf(weights.get("conv1.weight").toDoubles(), 3))
                .containsExactly(-0.26101250951307664, 0.05015336532713843, -0.12259341403020906);
        assertThat(weights.get("fc.bias").at(0)).isEqualTo(-0.058554929307493536);
    }

    @Test
    void theRandomNumbersOfPyTorchAreNotUsed() {
        Engine engine = Engine.getEngine("PyTorch");
        engine.setRandomSeed(1);
        NamedTensors one = weights(SETTING);
        engine.setRandomSeed(2);

        assertThat(weights(SETTING)).isEqualTo(one);
    }

    @Test
    void parametersOfEqualShapeAreDrawnSeparately() {
        NamedTensors weights = weights(SETTING);

        assertThat(weights.get("layer1.0.conv1.weight"))
                .isNotEqualTo(weights.get("layer1.0.conv2.weight"))
                .isNotEqualTo(weights.get("layer1.1.conv1.weight"));
    }
}
