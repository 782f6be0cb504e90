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
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class MapLossTest {
    private static final Loss ATTENTION = new Loss("attention", AttentionTransfer::loss, true, true);
    private static final Loss GRAM = new Loss("gram", NeuronSelectivity::gramLoss, false, true);
    private static final Loss MMD = new Loss("mmd", NeuronSelectivity::mmdLoss, true, true);
    private static final Loss FACTORS = new Loss("factors", FactorTransfer::distance, false, false);

    /** A loss between maps, and whether their widths and their sizes may differ. */
    private record Loss(String name, AveragePooling.OfOneSize between, boolean anyWidth, boolean anySize) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Loss> scaleFree() {
        return Stream.of(ATTENTION, GRAM, MMD, FACTORS);
    }

    static Stream<Loss> all() {
        return Stream.concat(
                scaleFree(),
                Stream.of(
                        new Loss("squares", SquaredError::ofMaps, false, true),
                        new Loss("squares of pooled features", SquaredError::ofPooled, false, true),
                        new Loss("squares of means of channels", SquaredError::ofChannelMeans, true, true)));
    }

    private static FeatureMap map(SplittableRandom random, int rows, int channels, int height, int width) {
        return FeatureMap.of(rows, channels, height, width, draws(random, rows * channels * height * width));
    }

    private static void assertSlope(
            String what, AveragePooling.OfOneSize between, FeatureMap student, FeatureMap teacher) {
        assertGradient(
                what,
                between.loss(student, teacher).gradient().toDoubles(),
                student.toDoubles(),
                moved -> between.loss(student.like(moved), teacher).loss());
    }

    @ParameterizedTest
    @MethodSource("all")
    void hasTheGradientOfItsValueAtAnyShape(Loss loss) {
        for (int seed = 0; seed < 30; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            // The first shape is all ones.
            int sizes = seed == 0 ? 1 : 4;
            int rows = 1 + random.nextInt(sizes);
            FeatureMap student =
                    map(random, rows, 1 + random.nextInt(sizes), 1 + random.nextInt(sizes), 1 + random.nextInt(sizes));
            FeatureMap teacher = map(
                    random,
                    rows,
                    loss.anyWidth() ? 1 + random.nextInt(sizes) : student.channels(),
                    loss.anySize() ? 1 + random.nextInt(sizes) : student.height(),
                    loss.anySize() ? 1 + random.nextInt(sizes) : student.width());
            assertSlope(loss + " of " + student + " and " + teacher, loss.between(), student, teacher);
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    void equalMapsLoseNothing(Loss loss) {
        FeatureMap map = map(new SplittableRandom(1), 3, 4, 2, 3);

        MapLoss nothing = loss.between().loss(map, map);

        assertThat(nothing.loss()).isCloseTo(0, within(1e-15));
        assertThat(nothing.gradient().toDoubles()).containsOnly(new double[] {0}, within(1e-15));
    }

    @ParameterizedTest
    @MethodSource("scaleFree")
    void doesNotDependOnTheScaleOfAMap(Loss loss) {
        FeatureMap student = map(new SplittableRandom(2), 3, 4, 2, 3);
        FeatureMap teacher = map(new SplittableRandom(3), 3, 4, 2, 3);
        FeatureMap scaled = student.zeros().plus(student, 7.5);

        MapLoss plain = loss.between().loss(student, teacher);

        assertThat(loss.between().loss(scaled, teacher).loss()).isCloseTo(plain.loss(), within(1e-7));
        assertThat(inner(plain.gradient(), student)).as("slope along the map").isCloseTo(0, within(1e-6));
    }

    @Test
    void gramMatricesDoNotDependOnTheScaleOfAChannel() {
        FeatureMap student = map(new SplittableRandom(4), 2, 3, 2, 2);
        double[] values = student.toDoubles();
        for (int i = 0; i < values.length; i++) {
            values[i] *= 1 + i / student.positions() % student.channels();
        }

        assertThat(NeuronSelectivity.gram(student.like(values)).toDoubles())
                .containsExactly(NeuronSelectivity.gram(student).toDoubles(), within(1e-15));
    }

    @Test
    void mmdIsADistanceOfGramMatricesOverPositions() {
        FeatureMap student = map(new SplittableRandom(5), 2, 3, 2, 2);
        FeatureMap teacher = map(new SplittableRandom(6), 2, 5, 2, 2);
        double squares = 0;
        for (int row = 0; row < 2; row++) {
            for (int p = 0; p < 4; p++) {
                for (int q = 0; q < 4; q++) {
                    double difference = overChannels(student, row, p, q) - overChannels(teacher, row, p, q);
                    squares += difference * difference / 2;
                }
            }
        }

        assertThat(NeuronSelectivity.mmdLoss(student, teacher).loss()).isCloseTo(squares, within(1e-14));
    }

    private static double overChannels(FeatureMap map, int row, int p, int q) {
        double[] unit = Norm.normalised(map.values, map.positions());
        double sum = 0;
        for (int c = 0; c < map.channels(); c++) {
            int start = (row * map.channels() + c) * map.positions();
            sum += unit[start + p] * unit[start + q] / map.channels();
        }
        return sum;
    }

    @ParameterizedTest
    @MethodSource("all")
    void zerosAreTaughtWithoutNaN(Loss loss) {
        FeatureMap teacher = map(new SplittableRandom(7), 2, 3, 2, 2);

        MapLoss ofZeros = loss.between().loss(teacher.zeros(), teacher);

        assertThat(ofZeros.loss()).isFinite();
        assertThat(Arrays.stream(ofZeros.gradient().toDoubles())
                        .map(Math::abs)
                        .max()
                        .orElseThrow())
                .isLessThan(10);
    }

    @Test
    void aHeadTeachesTheMapOfAStudent() {
        SplittableRandom random = new SplittableRandom(8);
        TeacherHead head = new TeacherHead(
                Tensor.of(DType.FLOAT64, draws(random, 6), 2, 3), Tensor.of(DType.FLOAT64, draws(random, 2), 2));
        FeatureMap student = map(random, 4, 3, 2, 1);
        Tensor logits = Tensor.of(DType.FLOAT64, draws(random, 8), 4, 2);

        assertSlope("head", (s, t) -> head.loss(s, logits), student, student);
        assertThat(head.loss(student, head.logits(student)).loss()).isZero();
    }

    private static double inner(FeatureMap a, FeatureMap b) {
        double sum = 0;
        for (int i = 0; i < a.values.length; i++) {
            sum += a.values[i] * b.values[i];
        }
        return sum;
    }

    @Test
    void poolsUnevenSizesAsPyTorchDoes() {
        FeatureMap row = FeatureMap.of(1, 1, 1, 5, new double[] {1, 2, 3, 4, 5});

        assertThat(AveragePooling.pool(row, 1, 3).toDoubles()).containsExactly(1.5, 3, 4.5);
        assertThat(AveragePooling.gradient(FeatureMap.of(1, 1, 1, 3, new double[] {6, 6, 6}), 1, 5)
                        .toDoubles())
                .containsExactly(3, 5, 2, 5, 3);
    }

    @Test
    void saysWhichSizesDoNotFit() {
        FeatureMap map = map(new SplittableRandom(1), 2, 3, 2, 2);

        assertThatThrownBy(() -> NeuronSelectivity.gramLoss(map, map(new SplittableRandom(1), 2, 4, 2, 2)))
                .hasMessage("student's feature map [2, 3, 2, 2] beside the teacher's [2, 4, 2, 2]: must have as many"
                        + " channels, or pass through an adapter first");
        assertThatThrownBy(() -> AttentionTransfer.loss(map, map(new SplittableRandom(1), 1, 3, 2, 2)))
                .hasMessageContaining("must be of the same batch");
        assertThatThrownBy(() -> FeatureMap.of(1, 0, 2, 2, new double[0]))
                .hasMessage("feature map [1, 0, 2, 2]: every size must be at least 1");
        assertThatThrownBy(() -> FeatureMap.of(1, 2, 2, 2, new double[7]))
                .hasMessage("feature map [1, 2, 2, 2] of 7 values: must have as many as its shape says");
    }
}
