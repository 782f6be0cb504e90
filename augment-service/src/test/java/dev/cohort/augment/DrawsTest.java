package dev.cohort.augment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.augment.Draws.Purpose;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class DrawsTest {
    @Test
    void isSplitMix64FromTheDocumentedKey() {
        Draws draws = Draws.of(7, Purpose.MIXING, 11, 3);

        // SplittableRandom is SplitMix64, too; its first number is the mix of its seed plus the golden gamma.
        long key = first(first(first(first(7) + 3) + 11) + 3);
        SplittableRandom reference = new SplittableRandom(key);
        for (int i = 0; i < 5; i++) {
            assertThat(draws.nextLong()).isEqualTo(reference.nextLong());
        }
    }

    private static long first(long seed) {
        return new SplittableRandom(seed).nextLong();
    }

    @Test
    void streamsOfDifferentKeysDiffer() {
        assertThat(new long[] {
                    Draws.of(1, Purpose.ORDER, 2, 3).nextLong(),
                    Draws.of(2, Purpose.ORDER, 2, 3).nextLong(),
                    Draws.of(1, Purpose.BOXES, 2, 3).nextLong(),
                    Draws.of(1, Purpose.ORDER, 3, 3).nextLong(),
                    Draws.of(1, Purpose.ORDER, 2, 4).nextLong(),
                    Draws.of(1, Purpose.ORDER, 3, 2).nextLong()
                })
                .doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 10})
    void belowIsUniform(int bound) {
        Draws draws = Draws.of(1, Purpose.GEOMETRY, bound, 0);
        int[] counts = new int[bound];
        for (int i = 0; i < 10_000 * bound; i++) {
            counts[draws.below(bound)]++;
        }

        for (int count : counts) {
            // 5 standard deviations.
            assertThat(count).isCloseTo(10_000, within(500));
        }
    }

    @Test
    void belowReachesBothEndsOfALargeRange() {
        Draws draws = Draws.of(1, Purpose.GEOMETRY, 0, 0);
        int bound = (1 << 30) + 1;
        double sum = 0;
        for (int i = 0; i < 100_000; i++) {
            int value = draws.below(bound);
            assertThat(value).isBetween(0, bound - 1);
            sum += value / (double) bound;
        }

        assertThat(sum / 100_000).isCloseTo(0.5, within(0.005));
    }

    @Test
    void permutationHoldsEachNumberOnceAndEveryOrderIsAsLikely() {
        int[] counts = new int[27];
        for (int i = 0; i < 12_000; i++) {
            int[] order = Draws.of(1, Purpose.ORDER, i, 0).permutation(3);
            assertThat(order).containsExactlyInAnyOrder(0, 1, 2);
            counts[order[0] * 9 + order[1] * 3 + order[2]]++;
        }

        assertThat(IntStream.of(counts).filter(c -> c > 0).boxed().toList())
                .hasSize(6)
                .allSatisfy(c -> assertThat(c).isCloseTo(2000, within(220)));
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.2, 0.5, 1, 2, 8})
    void betaHasItsMeanAndVariance(double alpha) {
        Draws draws = Draws.of(1, Purpose.MIXING, 0, 0);
        double sum = 0;
        double squares = 0;
        int count = 50_000;
        for (int i = 0; i < count; i++) {
            double value = draws.beta(alpha);
            assertThat(value).isBetween(0.0, 1.0);
            sum += value - 0.5;
            squares += (value - 0.5) * (value - 0.5);
        }

        double variance = 1 / (4 * (2 * alpha + 1));
        assertThat(sum / count).isCloseTo(0, within(5 * Math.sqrt(variance / count)));
        assertThat(squares / count).isCloseTo(variance, within(0.03 * variance));
    }

    @ParameterizedTest
    @ValueSource(doubles = {1e-9, 1e-3, 1e6})
    void betaStaysANumberForExtremeShapes(double alpha) {
        Draws draws = Draws.of(1, Purpose.MIXING, 0, 0);
        for (int i = 0; i < 1000; i++) {
            assertThat(draws.beta(alpha)).isBetween(0.0, 1.0);
        }
    }
}
