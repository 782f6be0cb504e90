package dev.cohort.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.protocol.SoftLabels;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class BranchLossTest {
    private static final SoftLabels ONE_ROW = new SoftLabels(3, List.of(Ints.of(0)), List.of(1.0));
    private static final SoftLabels MIXED =
            new SoftLabels(3, List.of(Ints.of(0, 1, 2), Ints.of(1, 1, 0)), List.of(0.6, 0.4));

    private static BranchLoss loss(SoftLabels labels, double weight, double temperature, double... packed) {
        return new BranchLoss(
                labels,
                Tensor.of(DType.FLOAT64, packed, labels.rows(), packed.length / labels.rows()),
                weight,
                temperature);
    }

    @Test
    void agreesWithTheCaseWorkedByHand() {
        BranchLoss loss = loss(ONE_ROW, 1, 3, 2, 0, 0, 0, 1, 0, 0.5, 0.5);

        assertThat(loss.crossEntropies).containsExactly(new double[] {0.23954477, 1.55144471}, within(1e-8));
        assertThat(loss.ensembleCrossEntropy).isCloseTo(0.68026967, within(1e-8));
        assertThat(loss.divergences).containsExactly(new double[] {0.21252893, 0.20680046}, within(1e-8));
        assertThat(Arrays.copyOf(loss.gradient, 6))
                .containsExactly(
                        new double[] {-0.15013035, 0.02922991, 0.12090044, -1.32182255, 0.97192409, 0.34989847},
                        within(1e-8));
        assertThat(Arrays.copyOfRange(loss.gradient, 6, 8))
                .containsExactly(new double[] {-0.98703922, 0.30719589}, within(1e-8));
    }

    @Test
    void equalBranchesTeachEachOtherNothing() {
        BranchLoss loss = loss(ONE_ROW, 1, 3, 2, -1, 0.5, 2, -1, 0.5, 0.3, 0.7);

        assertThat(loss.divergences).containsExactly(0, 0);
        assertThat(loss.ensembleCrossEntropy).isEqualTo(loss.crossEntropies[0], within(1e-15));
        assertThat(loss.gradient[6]).as("no gate is better").isEqualTo(loss.gradient[7], within(1e-15));
    }

    @Test
    void oneBranchIsItsOwnEnsemble() {
        BranchLoss loss = loss(ONE_ROW, 1, 3, 2, -1, 0.5, 1);

        assertThat(loss.divergences).containsExactly(0);
        assertThat(loss.ensembleCrossEntropy).isEqualTo(loss.crossEntropies[0]);
        assertThat(Arrays.stream(Arrays.copyOf(loss.gradient, 3)).sum()).isCloseTo(0, within(1e-15));
    }

    @Test
    void gradientsAreThoseOfFiniteDifferences() {
        double[] packed = new SplittableRandom(1).doubles(3 * 2 * 4, -2, 2).toArray();
        double[] gradient = loss(MIXED, 0.7, 2, packed).gradient;

        for (int i = 0; i < packed.length; i++) {
            double slope = (total(packed, i, 1e-6) - total(packed, i, -1e-6)) / 2e-6;
            assertThat(gradient[i]).as("element " + i).isCloseTo(slope, within(1e-8));
        }
    }

    /** The loss with one element shifted, and the ensemble in the divergences unchanged. */
    private static double total(double[] packed, int element, double by) {
        double[] moved = packed.clone();
        moved[element] += by;
        BranchLoss loss = loss(MIXED, 0, 2, moved);
        double sum =
                loss.ensembleCrossEntropy + Arrays.stream(loss.crossEntropies).sum();
        double[] target = Softmax.logProbabilities(BranchLoss.ensemble(packed, 2, 3), 3, 2);
        for (int k = 0; k < 2; k++) {
            double[] own = new double[9];
            for (int row = 0; row < 3; row++) {
                System.arraycopy(moved, row * 8 + k * 3, own, row * 3, 3);
            }
            double[] tempered = Softmax.logProbabilities(own, 3, 2);
            for (int i = 0; i < own.length; i++) {
                sum += 0.7 * 4 * Math.exp(target[i]) * (target[i] - tempered[i]) / 3;
            }
        }
        return sum;
    }

    @Test
    void refusesTensorsThatAreNoBranches() {
        assertThatThrownBy(() -> loss(ONE_ROW, 1, 3, 1, 2, 3, 4, 5))
                .hasMessage("branches of shape [1, 5]: must be [1, m * 4]");
    }
}
