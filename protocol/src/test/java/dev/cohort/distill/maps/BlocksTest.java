package dev.cohort.distill.maps;

import static dev.cohort.distill.FiniteDifferences.assertGradient;
import static dev.cohort.distill.FiniteDifferences.draws;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cohort.tensor.DType;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;

/** Separable blocks and the fusion made of one. */
class BlocksTest {
    private static Tensor tensor(SplittableRandom random, int... shape) {
        return Tensor.of(DType.FLOAT64, draws(random, Arrays.stream(shape).reduce(1, (a, b) -> a * b)), shape);
    }

    private static NamedTensors parameters(SplittableRandom random, int in, int out) {
        return NamedTensors.of(SeparableBlock.DEPTHWISE, tensor(random, in, 1, 3, 3))
                .with(SeparableBlock.FIRST_GAMMA, tensor(random, in))
                .with(SeparableBlock.FIRST_BETA, tensor(random, in))
                .with(SeparableBlock.POINTWISE, tensor(random, out, in, 1, 1))
                .with(SeparableBlock.SECOND_GAMMA, tensor(random, out))
                .with(SeparableBlock.SECOND_BETA, tensor(random, out));
    }

    private static void assertParameters(
            NamedTensors gradients, NamedTensors parameters, ToDoubleFunction<NamedTensors> loss) {
        assertThat(gradients.asMap().keySet()).isEqualTo(parameters.asMap().keySet());
        gradients.asMap().forEach((name, gradient) -> {
            int[] shape = parameters.get(name).shape().toArray();
            assertThat(gradient.shape().toArray()).as(name).isEqualTo(shape);
            assertGradient(
                    name,
                    gradient.toDoubles(),
                    parameters.get(name).toDoubles(),
                    moved -> loss.applyAsDouble(parameters.with(name, Tensor.of(DType.FLOAT64, moved, shape))));
        });
    }

    @Test
    void aBlockHasTheGradientsOfItsLossAtAnyShapeAndStride() {
        for (int seed = 0; seed < 10; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            int sizes = seed == 0 ? 1 : 4;
            int stride = 1 + seed % 3;
            int in = 1 + random.nextInt(sizes);
            NamedTensors parameters = parameters(random, in, 1 + random.nextInt(sizes));
            FeatureMap input = FeatureMap.of(tensor(
                    random, 1 + random.nextInt(sizes), in, 1 + random.nextInt(sizes), 1 + random.nextInt(sizes)));
            Adapter.Pass pass = new SeparableBlock(parameters, stride).forward(input);
            FeatureMap teacher = pass.output().like(draws(random, pass.output().toDoubles().length));
            Adapter.Gradients gradients =
                    pass.backward(SquaredError.ofMaps(pass.output(), teacher).gradient());

            assertGradient(
                    "input " + input,
                    gradients.input().toDoubles(),
                    input.toDoubles(),
                    moved -> loss(parameters, stride, input.like(moved), teacher));
            assertParameters(gradients.parameters(), parameters, moved -> loss(moved, stride, input, teacher));
        }
    }

    private static double loss(NamedTensors parameters, int stride, FeatureMap input, FeatureMap teacher) {
        return SquaredError.ofMaps(
                        new SeparableBlock(parameters, stride).forward(input).output(), teacher)
                .loss();
    }

    @Test
    void aBlockThatEqualsItsTeacherLosesNothing() {
        SplittableRandom random = new SplittableRandom(1);
        NamedTensors parameters = parameters(random, 2, 3);
        FeatureMap input = FeatureMap.of(tensor(random, 2, 2, 3, 3));
        FeatureMap teacher = new SeparableBlock(parameters, 2).forward(input).output();

        assertThat(teacher.height()).isEqualTo(2);
        assertThat(loss(parameters, 2, input, teacher)).isZero();
    }

    @Test
    void theFusionHasTheGradientsOfItsLogitsForPeersOfAnyWidth() {
        SplittableRandom random = new SplittableRandom(2);
        List<FeatureMap> maps =
                List.of(FeatureMap.of(tensor(random, 3, 1, 2, 3)), FeatureMap.of(tensor(random, 3, 2, 2, 3)));
        NamedTensors parameters = parameters(random, 3, 2)
                .with(FeatureFusion.WEIGHT, tensor(random, 4, 2))
                .with(FeatureFusion.BIAS, tensor(random, 4));
        Tensor slope = tensor(random, 3, 4);
        FeatureFusion.Gradients gradients =
                new FeatureFusion(parameters).forward(maps).backward(slope);

        assertParameters(gradients.parameters(), parameters, moved -> inner(moved, maps, slope));
        for (int peer = 0; peer < 2; peer++) {
            int changed = peer;
            assertGradient(
                    "peer " + peer,
                    gradients.maps().get(peer).toDoubles(),
                    maps.get(peer).toDoubles(),
                    moved -> {
                        List<FeatureMap> others = new ArrayList<>(maps);
                        others.set(changed, maps.get(changed).like(moved));
                        return inner(parameters, others, slope);
                    });
        }
    }

    private static double inner(NamedTensors parameters, List<FeatureMap> maps, Tensor slope) {
        Tensor logits = new FeatureFusion(parameters).forward(maps).logits();
        double sum = 0;
        for (int i = 0; i < logits.size(); i++) {
            sum += logits.at(i) * slope.at(i);
        }
        return sum;
    }

    @Test
    void saysWhichParameterDoesNotFit() {
        NamedTensors parameters = parameters(new SplittableRandom(3), 2, 3);
        Tensor pair = Tensor.of(DType.FLOAT64, new double[2], 2);

        assertThatThrownBy(() -> new SeparableBlock(parameters.with(SeparableBlock.SECOND_BETA, pair), 1))
                .hasMessage("bn2_beta of shape [2]: must be [3], one for each channel it belongs to");
        assertThatThrownBy(() -> new SeparableBlock(parameters.with(SeparableBlock.DEPTHWISE, pair), 1))
                .hasMessage("depthwise weight of shape [2]: must be [C, 1, 3, 3], C at least 1");
        assertThatThrownBy(() -> new SeparableBlock(parameters, 0)).hasMessage("stride 0: must be at least 1");
        assertThatThrownBy(() -> new SeparableBlock(parameters, 1).forward(FeatureMap.of(1, 3, 1, 1, new double[3])))
                .hasMessage("feature map [1, 3, 1, 1]: must have 2 channels, as the depthwise weight says");
    }
}
