package dev.cohort.distill.maps;

import static dev.cohort.distill.FiniteDifferences.assertGradient;
import static dev.cohort.distill.FiniteDifferences.draws;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.tensor.DType;
import dev.cohort.tensor.Tensor;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** Convolutions of any size, stride and padding, and the products of matrices that they are made of. */
class ConvolutionTest {
    /** A layer of random sizes, with an input that its kernel fits into. */
    private record Case(int size, int stride, int padding, Tensor weight, Tensor bias, FeatureMap input) {
        static Case of(int seed, boolean transposed) {
            SplittableRandom random = new SplittableRandom(seed);
            int most = seed == 0 ? 1 : 4;
            int size = 1 + random.nextInt(most);
            int padding = random.nextInt(size);
            int in = 1 + random.nextInt(most);
            int out = 1 + random.nextInt(most);
            int least = transposed ? 1 : Math.max(1, size - 2 * padding);
            int height = least + random.nextInt(most);
            int width = least + random.nextInt(most);
            // The transposed of a layer with much padding has no output for a small input.
            int shrink = transposed ? 1 + padding : 0;
            return new Case(
                    size,
                    1 + random.nextInt(most),
                    padding,
                    transposed ? tensor(random, in, out, size, size) : tensor(random, out, in, size, size),
                    tensor(random, out),
                    FeatureMap.of(tensor(random, 1 + random.nextInt(most), in, height + shrink, width + shrink)));
        }

        Filter convolution() {
            return Convolution.of("weight", weight, stride, padding).withBias("bias", bias);
        }

        Filter transposed() {
            return TransposedConvolution.of("weight", weight, stride, padding).withBias("bias", bias);
        }

        Case with(Tensor otherWeight, Tensor otherBias, FeatureMap otherInput) {
            return new Case(size, stride, padding, otherWeight, otherBias, otherInput);
        }
    }

    private static Tensor tensor(SplittableRandom random, int... shape) {
        return Tensor.of(DType.FLOAT64, draws(random, Arrays.stream(shape).reduce(1, (a, b) -> a * b)), shape);
    }

    private static Tensor like(Tensor tensor, double[] values) {
        return Tensor.of(DType.FLOAT64, values, tensor.shape().toArray());
    }

    /** {@code y[b, d, i, j]} as the formula says, pixel by pixel. */
    private static double[] byDefinition(Case c, FeatureMap shape) {
        double[] output = new double[shape.values.length];
        FeatureMap x = c.input();
        for (int i = 0; i < output.length; i++) {
            int column = i % shape.width();
            int row = i / shape.width() % shape.height();
            int d = i / shape.positions() % shape.channels();
            int b = i / shape.positions() / shape.channels();
            output[i] = c.bias().at(d);
            for (int w = 0; w < x.channels() * c.size() * c.size(); w++) {
                int y = row * c.stride() + w / c.size() % c.size() - c.padding();
                int z = column * c.stride() + w % c.size() - c.padding();
                if (y >= 0 && y < x.height() && z >= 0 && z < x.width()) {
                    int channel = w / c.size() / c.size();
                    output[i] += c.weight().at(d * x.channels() * c.size() * c.size() + w)
                            * x.values[((b * x.channels() + channel) * x.height() + y) * x.width() + z];
                }
            }
        }
        return output;
    }

    @Test
    void isTheSumOfItsDefinition() {
        for (int seed = 0; seed < 40; seed++) {
            Case c = Case.of(seed, false);
            FeatureMap output = c.convolution().forward(c.input());

            assertThat(output.height()).isEqualTo((c.input().height() + 2 * c.padding() - c.size()) / c.stride() + 1);
            assertThat(output.toDoubles()).as(c.toString()).containsExactly(byDefinition(c, output), within(1e-12));
        }
    }

    @Test
    void hasTheGradientsOfItsOutput() {
        for (int seed = 0; seed < 20; seed++) {
            assertGradients(Case.of(seed, false), Case::convolution);
        }
    }

    @Test
    void theTransposedHasTheGradientsOfItsOutput() {
        for (int seed = 0; seed < 20; seed++) {
            assertGradients(Case.of(seed, true), Case::transposed);
        }
    }

    private static void assertGradients(Case c, Function<Case, Filter> layer) {
        FeatureMap output = layer.apply(c).forward(c.input());
        FeatureMap slope = output.like(draws(new SplittableRandom(99), output.values.length));

        assertGradient(
                "input of " + c,
                layer.apply(c).inputGradient(c.input(), slope).toDoubles(),
                c.input().toDoubles(),
                moved -> inner(c.with(c.weight(), c.bias(), c.input().like(moved)), layer, slope));
        Tensor atWeight = layer.apply(c).weightGradient(c.input(), slope);
        assertThat(atWeight.shape()).isEqualTo(c.weight().shape());
        assertGradient(
                "weight of " + c,
                atWeight.toDoubles(),
                c.weight().toDoubles(),
                moved -> inner(c.with(like(c.weight(), moved), c.bias(), c.input()), layer, slope));
        assertGradient(
                "bias of " + c,
                Filter.biasGradient(slope),
                c.bias().toDoubles(),
                moved -> inner(c.with(c.weight(), like(c.bias(), moved), c.input()), layer, slope));
    }

    private static double inner(Case c, Function<Case, Filter> layer, FeatureMap slope) {
        return inner(layer.apply(c).forward(c.input()), slope);
    }

    private static double inner(FeatureMap a, FeatureMap b) {
        double sum = 0;
        for (int i = 0; i < a.values.length; i++) {
            sum += a.values[i] * b.values[i];
        }
        return sum;
    }

    @Test
    void theTransposedOfAConvolutionIsItsTransposed() {
        SplittableRandom random = new SplittableRandom(5);
        Tensor weight = tensor(random, 2, 3, 3, 3);
        FeatureMap large = FeatureMap.of(tensor(random, 2, 3, 7, 5));
        FeatureMap small = FeatureMap.of(tensor(random, 2, 2, 4, 3));

        FeatureMap down = Convolution.of("weight", weight, 2, 1).forward(large);
        FeatureMap up = TransposedConvolution.of("weight", weight, 2, 1).forward(small);

        assertThat(up.toString()).isEqualTo(large.toString());
        assertThat(inner(down, small)).isCloseTo(inner(large, up), within(1e-12));
    }

    @Test
    void theBitsOfARowDoNotDependOnItsBatch() {
        SplittableRandom random = new SplittableRandom(6);
        Convolution convolution = Convolution.of("weight", tensor(random, 3, 9, 3, 3), 1, 1);
        FeatureMap batch = FeatureMap.of(tensor(random, 7, 9, 10, 10));
        double[] values = batch.toDoubles();
        double[] alone = new double[convolution.forward(batch).values.length];
        double[] back = new double[values.length];
        int in = values.length / 7;
        int out = alone.length / 7;
        FeatureMap slope = convolution.forward(batch);
        for (int row = 0; row < 7; row++) {
            FeatureMap one = FeatureMap.wrap(1, 9, 10, 10, Arrays.copyOfRange(values, row * in, (row + 1) * in));
            FeatureMap output = convolution.forward(one);
            System.arraycopy(output.values, 0, alone, row * out, out);
            System.arraycopy(convolution.inputGradient(one, output).values, 0, back, row * in, in);
        }

        assertThat(convolution.forward(batch).toDoubles()).containsExactly(alone);
        assertThat(convolution.inputGradient(batch, slope).toDoubles()).containsExactly(back);
    }

    @Test
    void productsAreSummedInOrderToTheBit() {
        for (int k : new int[] {1, 3, 4, 63, 64, 65, 130, 134}) {
            SplittableRandom random = new SplittableRandom(k);
            double[] a = draws(random, 3 * k);
            double[] b = draws(random, k * 5);
            double[] out = draws(random, 15);
            double[] expected = out.clone();
            for (int i = 0; i < 15; i++) {
                for (int l = 0; l < k; l++) {
                    expected[i] += 0.7 * a[i / 5 * k + l] * b[l * 5 + i % 5];
                }
            }

            MatrixProduct.add(a, 0, b, 0, out, 0, 3, k, 5, 0.7);

            assertThat(out).as("inner size " + k).containsExactly(expected);
        }
    }

    @Test
    void saysWhatDoesNotFit() {
        SplittableRandom random = new SplittableRandom(7);
        Tensor weight = tensor(random, 2, 3, 3, 3);
        Convolution convolution = Convolution.of("weight", weight, 1, 0);

        assertThatThrownBy(() -> Convolution.of("weight", tensor(random, 2, 3, 3, 2), 1, 0))
                .hasMessage("weight of shape [2, 3, 3, 2]: must be [D, C, k, k], none of them 0");
        assertThatThrownBy(() -> Convolution.of("weight", weight, 0, 0))
                .hasMessage("stride 0 and padding 0 of the weight: must be at least 1 and 0");
        assertThatThrownBy(() -> convolution.withBias("bias", tensor(random, 3)))
                .hasMessage("bias of shape [3]: must be [2], one for each row of the weight");
        assertThatThrownBy(() -> convolution.forward(FeatureMap.of(tensor(random, 1, 2, 3, 3))))
                .hasMessage("feature map [1, 2, 3, 3]: must have 3 channels, as the weight says");
        assertThatThrownBy(() -> convolution.forward(FeatureMap.of(tensor(random, 1, 3, 3, 2))))
                .hasMessage("kernel of size 3 on a map of height or width 2 with padding 0: must not be larger");
        assertThatThrownBy(() -> convolution.weightGradient(
                        FeatureMap.of(tensor(random, 1, 3, 4, 4)), FeatureMap.of(tensor(random, 1, 2, 2, 3))))
                .hasMessage("gradient [1, 2, 2, 3] behind the weight: must have height 2 and width 2");
        assertThatThrownBy(() -> convolution.weightGradient(
                        FeatureMap.of(tensor(random, 2, 3, 4, 4)), FeatureMap.of(tensor(random, 1, 2, 2, 2))))
                .hasMessage("gradient [1, 2, 2, 2] behind the weight: must have 2 rows, as its input has");
        assertThatThrownBy(
                        () -> TransposedConvolution.of("weight", weight, 1, 0).withBias("bias", tensor(random, 2)))
                .hasMessage("bias of shape [2]: must be [3], one for each channel of the output");
    }
}
