package dev.cohort.distill;

import static dev.cohort.distill.FiniteDifferences.assertGradient;
import static dev.cohort.distill.FiniteDifferences.draws;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Pairs, votes and largest classes. */
class ExchangeTest {
    private static final MutualPairs PAIRS = new MutualPairs(List.of(
            new MutualPairs.Term("head", MutualPairs.Form.DIVERGENCE, 0.7),
            new MutualPairs.Term("map", MutualPairs.Form.SQUARES, 1.5)));

    private static NamedTensors peer(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        return NamedTensors.of("head", Tensor.of(DType.FLOAT64, draws(random, 6), 2, 3))
                .with("map", Tensor.of(DType.FLOAT64, draws(random, 16), 2, 2, 2, 2));
    }

    private static double loss(NamedTensors own, List<NamedTensors> partners) {
        double sum = 0;
        for (List<Double> pair : PAIRS.of(own, partners).losses()) {
            sum += 0.7 * pair.get(0) + 1.5 * pair.get(1);
        }
        return sum;
    }

    @Test
    void aPeerFollowsTheGradientOfAllItsPairs() {
        List<NamedTensors> partners = List.of(peer(2), peer(3));
        NamedTensors own = peer(1);
        NamedTensors gradients = PAIRS.of(own, partners).gradients();

        own.asMap()
                .forEach((name, tensor) -> assertGradient(
                        name,
                        gradients.get(name).toDoubles(),
                        tensor.toDoubles(),
                        moved -> loss(
                                own.with(
                                        name,
                                        Tensor.of(
                                                DType.FLOAT64,
                                                moved,
                                                tensor.shape().toArray())),
                                partners)));
    }

    @Test
    void theOrderOfAPairDoesNotMatterAndMapsPullEquallyHard() {
        MutualPairs.Result one = PAIRS.of(peer(1), List.of(peer(2)));
        MutualPairs.Result other = PAIRS.of(peer(2), List.of(peer(1)));
        double[] sum = one.gradients().get("map").toDoubles();
        for (int i = 0; i < sum.length; i++) {
            sum[i] += other.gradients().get("map").at(i);
        }

        assertThat(one.losses()).isEqualTo(other.losses());
        assertThat(sum).containsOnly(0);
    }

    @Test
    void aPeerInNoPairLearnsFromLabelsAlone() {
        MutualPairs.Result alone = PAIRS.of(peer(1), List.of());

        assertThat(alone.losses()).isEmpty();
        assertThat(alone.gradients().get("head").toDoubles()).containsOnly(0);
    }

    @Test
    void saysWhichTensorOfAPairDoesNotFit() {
        NamedTensors narrow = peer(2).with("head", Tensor.of(DType.FLOAT64, new double[4], 2, 2));

        assertThatThrownBy(() -> PAIRS.of(peer(1), List.of(narrow)))
                .hasMessage("tensor head of shape [2, 3] beside the partner's [2, 2]: must be equal");
    }

    @Test
    void theLowestClassWinsATie() {
        Tensor logits = Tensor.of(DType.FLOAT64, new double[] {1, 3, 3, 0, 0, 0}, 2, 3);

        assertThat(Votes.of(logits)).isEqualTo(Ints.of(1, 0));
        assertThat(Votes.majority(List.of(Ints.of(2, 1), Ints.of(1, 2), Ints.of(1, 1)), 3))
                .isEqualTo(Ints.of(1, 1));
        assertThat(Votes.majority(List.of(Ints.of(2), Ints.of(1)), 3)).isEqualTo(Ints.of(1));
    }

    @Test
    void theMajorityOfOnePeerIsItsOwnVote() {
        Ints vote = Ints.of(2, 0, 1);

        assertThat(Votes.majority(List.of(vote), 3)).isEqualTo(vote);
        assertThatThrownBy(() -> Votes.majority(List.of(), 3)).hasMessage("votes of no peer: must be of at least one");
        assertThatThrownBy(() -> Votes.shares(List.of(Ints.of(3)), 3))
                .hasMessage("vote for class 3: must be from 0 to below 3, the number of classes");
    }

    private static Tensor rows(DType type) {
        double[] logits = draws(new SplittableRandom(5), 5 * 6);
        return Tensor.of(type, Softmax.probabilities(logits, 6, 1), 5, 6);
    }

    @Test
    void everyRowOfLargestClassesSumsToOne() {
        for (DType type : DType.values()) {
            for (int k = 1; k <= 6; k++) {
                double[] dense = LargestClasses.of(rows(type), k).dense().toDoubles();
                for (int row = 0; row < 5; row++) {
                    assertThat(Arrays.stream(dense, row * 6, row * 6 + 6).sum()).isCloseTo(1, within(1e-15));
                }
            }
        }
    }

    @Test
    void nothingIsLostWithoutOneClass() {
        Tensor rows = rows(DType.FLOAT64);

        for (int k = 5; k <= 6; k++) {
            assertThat(LargestClasses.of(rows, k).dense().toDoubles()).containsExactly(rows.toDoubles(), within(1e-15));
            assertThat(LargestClasses.of(rows, k).lostDivergence(rows)).isCloseTo(0, within(1e-15));
        }
        assertThat(LargestClasses.of(rows, 4).lostMass(rows)).isGreaterThan(1e-3);
    }

    @Test
    void roundingUpOnTheWireLeavesNoNegativeTail() {
        LargestClasses sent =
                new LargestClasses(3, Ints.of(1, 0), Tensor.of(DType.FLOAT64, new double[] {0.75, 0.5}, 1, 2));

        assertThat(sent.tail().toDoubles()).containsExactly(0);
        assertThat(sent.dense().toDoubles()).containsExactly(0.4, 0.6, 0);
    }

    @Test
    void equalProbabilitiesStandInTheOrderOfTheirClasses() {
        Tensor even = Tensor.of(DType.FLOAT64, new double[] {0.25, 0.25, 0.25, 0.25}, 1, 4);

        assertThat(LargestClasses.of(even, 3).index()).isEqualTo(Ints.of(0, 1, 2));
    }

    @Test
    void refusesClassesThatCannotHaveBeenSent() {
        Tensor kept = Tensor.of(DType.FLOAT64, new double[] {0.5, 0.25}, 1, 2);

        assertThatThrownBy(() -> new LargestClasses(3, Ints.of(1, 1), kept))
                .hasMessage("class 1 among the largest of a row: must be from 0 to below 3, and named once");
        assertThatThrownBy(() -> new LargestClasses(3, Ints.of(1, 3), kept)).hasMessageContaining("class 3");
        assertThatThrownBy(() -> new LargestClasses(
                        3, Ints.of(0, 1), Tensor.of(DType.FLOAT64, new double[] {Double.NaN, 0}, 1, 2)))
                .hasMessage("probability NaN of class 0: must be finite and not negative");
        assertThatThrownBy(() -> LargestClasses.of(rows(DType.FLOAT64), 7))
                .hasMessage("largest 7 classes: must be from 1 to 6");
    }
}
