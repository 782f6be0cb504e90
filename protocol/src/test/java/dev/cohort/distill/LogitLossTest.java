package dev.cohort.distill;

import static dev.cohort.distill.FiniteDifferences.assertGradient;
import static dev.cohort.distill.FiniteDifferences.draws;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.tensor.DType;
import dev.cohort.tensor.Tensor;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class LogitLossTest {
    /** A loss of the student's logits beside another tensor. */
    @FunctionalInterface
    interface Loss {
        LogitLoss of(Tensor other, Tensor logits);
    }

    static Stream<Loss> all() {
        return Stream.of(
                (other, z) -> LogitLoss.crossEntropy(softmax(other, 1), z),
                (other, z) -> LogitLoss.divergence(softmax(other, 2), z, 2),
                (other, z) -> LogitLoss.divergenceFromLogits(other, z, 3),
                LogitLoss::symmetric,
                LogitLoss::squares,
                (other, z) -> LogitLoss.squares(other, z)
                        .plus(LogitLoss.symmetric(other, z), 0.3)
                        .times(-2));
    }

    private static Tensor logits(SplittableRandom random, int rows, int classes) {
        return Tensor.of(DType.FLOAT64, draws(random, rows * classes), rows, classes);
    }

    private static Tensor softmax(Tensor logits, double temperature) {
        return Tensor.of(
                DType.FLOAT64,
                Softmax.probabilities(logits.toDoubles(), logits.dimension(1), temperature),
                logits.shape().toArray());
    }

    @ParameterizedTest
    @MethodSource("all")
    void hasTheGradientOfItsValueAtAnyShape(Loss loss) {
        for (int seed = 0; seed < 10; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            int rows = seed == 0 ? 1 : 1 + random.nextInt(4);
            int classes = seed == 0 ? 1 : 1 + random.nextInt(5);
            Tensor other = logits(random, rows, classes);
            Tensor z = logits(random, rows, classes);
            assertGradient(
                    "seed " + seed,
                    loss.of(other, z).gradient().toDoubles(),
                    z.toDoubles(),
                    moved -> loss.of(other, Tensor.of(DType.FLOAT64, moved, rows, classes))
                            .loss());
        }
    }

    @Test
    void theSymmetricLossIsTheMeanOfBothDivergences() {
        SplittableRandom random = new SplittableRandom(1);
        Tensor a = logits(random, 3, 4);
        Tensor b = logits(random, 3, 4);

        assertThat(LogitLoss.symmetric(a, b).loss())
                .isCloseTo(
                        (LogitLoss.divergenceFromLogits(a, b, 1).loss()
                                        + LogitLoss.divergenceFromLogits(b, a, 1)
                                                .loss())
                                / 2,
                        within(1e-14))
                .isCloseTo(LogitLoss.symmetric(b, a).loss(), within(1e-15));
    }

    @ParameterizedTest
    @MethodSource("all")
    void withoutRowsItIsZero(Loss loss) {
        Tensor none = Tensor.of(DType.FLOAT64, new double[0], 0, 3);

        assertThat(loss.of(none, none).loss()).isZero();
        assertThat(loss.of(none, none).gradient().size()).isZero();
    }

    @Test
    void saysWhichShapeDoesNotFit() {
        Tensor a = Tensor.of(DType.FLOAT64, new double[6], 2, 3);
        Tensor b = Tensor.of(DType.FLOAT64, new double[6], 3, 2);

        assertThatThrownBy(() -> LogitLoss.squares(a, b))
                .hasMessage("teacher's logits of shape [2, 3] for logits of shape [3, 2]: must be equal, [B, C]");
    }
}
