package dev.cohort.distill.maps;

import static dev.cohort.distill.FiniteDifferences.assertGradient;
import static dev.cohort.distill.FiniteDifferences.draws;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.tensor.DType;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class AdapterTest {
    private static NamedTensors parameters(SplittableRandom random, int out, int in) {
        return NamedTensors.of(Adapter.WEIGHT, Tensor.of(DType.FLOAT64, draws(random, out * in), out, in, 1, 1))
                .with(HintAdapter.BIAS, Tensor.of(DType.FLOAT64, draws(random, out), out))
                .with(MapAdapter.GAMMA, Tensor.of(DType.FLOAT64, draws(random, out), out))
                .with(MapAdapter.BETA, Tensor.of(DType.FLOAT64, draws(random, out), out));
    }

    /** A loss that weighs every element of the output differently. */
    private static double loss(FeatureMap output, double[] weights) {
        double sum = 0;
        for (int i = 0; i < weights.length; i++) {
            sum += weights[i] * output.values[i] + output.values[i] * output.values[i] / 2;
        }
        return sum;
    }

    private static void assertGradients(Function<NamedTensors, Adapter> kind, long seed, int sizes) {
        SplittableRandom random = new SplittableRandom(seed);
        int rows = 1 + random.nextInt(sizes);
        int in = 1 + random.nextInt(sizes);
        int out = 1 + random.nextInt(sizes);
        int height = 1 + random.nextInt(sizes);
        int width = 1 + random.nextInt(sizes);
        NamedTensors parameters = parameters(random, out, in);
        FeatureMap input = FeatureMap.of(rows, in, height, width, draws(random, rows * in * height * width));
        double[] weights = draws(random, rows * out * height * width);

        Adapter.Pass pass = kind.apply(parameters).forward(input);
        FeatureMap atOutput = pass.output().plus(pass.output().like(weights));
        Adapter.Gradients gradients = pass.backward(atOutput);

        assertGradient(
                "input " + input,
                gradients.input().toDoubles(),
                input.toDoubles(),
                moved -> loss(kind.apply(parameters).forward(input.like(moved)).output(), weights));
        gradients.parameters().asMap().forEach((name, gradient) -> {
            Tensor parameter = parameters.get(name);
            assertThat(gradient.shape()).as(name).isEqualTo(parameter.shape());
            assertGradient(name, gradient.toDoubles(), parameter.toDoubles(), moved -> {
                Tensor other = Tensor.of(DType.FLOAT64, moved, parameter.shape().toArray());
                return loss(
                        kind.apply(parameters.with(name, other)).forward(input).output(), weights);
            });
        });
    }

    @Test
    void gradientsAreThoseOfFiniteDifferences() {
        for (int seed = 0; seed < 12; seed++) {
            assertGradients(HintAdapter::new, seed, seed == 0 ? 1 : 4);
            assertGradients(MapAdapter::new, seed, seed == 0 ? 1 : 4);
        }
    }

    @Test
    void batchNormForgetsScaleAndShiftOfItsInput() {
        SplittableRandom random = new SplittableRandom(1);
        NamedTensors parameters = parameters(random, 3, 1);
        FeatureMap input = FeatureMap.of(4, 1, 2, 2, draws(random, 16));
        double[] moved = input.toDoubles();
        for (int i = 0; i < moved.length; i++) {
            moved[i] = 3 * moved[i] + 5;
        }

        FeatureMap output = new MapAdapter(parameters).forward(input).output();

        assertThat(new MapAdapter(parameters)
                        .forward(input.like(moved))
                        .output()
                        .toDoubles())
                .containsExactly(output.toDoubles(), within(1e-3));
        double[] beta = parameters.get(MapAdapter.BETA).toDoubles();
        assertThat(ChannelSums.of(output.values, output, 2) / 16).isCloseTo(beta[2], within(1e-12));
    }

    @Test
    void aPooledAdapterIsNotTheMeanOfAMapAdapter() {
        SplittableRandom random = new SplittableRandom(2);
        NamedTensors parameters = parameters(random, 2, 3);
        FeatureMap map = FeatureMap.of(4, 3, 2, 2, draws(random, 48));
        Adapter adapter = new MapAdapter(parameters);

        assertThat(adapter.forward(AveragePooling.pool(map)).output())
                .isNotEqualTo(AveragePooling.pool(adapter.forward(map).output()));
        assertThat(new HintAdapter(parameters)
                        .forward(AveragePooling.pool(map))
                        .output()
                        .toDoubles())
                .as("a linear adapter may be pooled before or after")
                .containsExactly(
                        AveragePooling.pool(
                                        new HintAdapter(parameters).forward(map).output())
                                .toDoubles(),
                        within(1e-14));
    }

    @Test
    void withoutAnAdapterEverythingPasses() {
        FeatureMap map = FeatureMap.of(1, 2, 1, 1, new double[] {3, 4});
        Adapter.Pass pass = new Adapter.None().forward(map);

        assertThat(pass.output()).isEqualTo(map);
        assertThat(pass.backward(map).input()).isEqualTo(map);
        assertThat(pass.backward(map).parameters()).isEqualTo(NamedTensors.none());
    }

    @Test
    void saysWhichParameterDoesNotFit() {
        NamedTensors parameters = parameters(new SplittableRandom(3), 3, 2);

        assertThatThrownBy(() ->
                        new HintAdapter(parameters.with(HintAdapter.BIAS, Tensor.of(DType.FLOAT64, new double[2], 2))))
                .hasMessage("adapter's bias of shape [2]: must be [3], one for each row of the adapter's weight");
        assertThatThrownBy(() -> new MapAdapter(
                        parameters.with(Adapter.WEIGHT, Tensor.of(DType.FLOAT64, new double[18], 3, 2, 3, 1))))
                .hasMessage("adapter's weight of shape [3, 2, 3, 1]: must be [D, C, 1, 1] or [D, C], none of them 0");
        assertThatThrownBy(() -> new MapAdapter(parameters).forward(FeatureMap.of(1, 1, 1, 1, new double[] {1})))
                .hasMessage("feature map [1, 1, 1, 1]: must have 2 channels, as the adapter's weight says");
    }
}
