package dev.cohort.coordinator.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.coordinator.method.PathWeights.Rule;
import dev.cohort.experiment.Experiment;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Four paths there can be, of which some are present. */
class PathWeightsTest {
    private static final double[] FIXED = {1, 0.5, 2, 0};
    private static final Experiment.Optimizer PLAIN = Cohort.sgd(0, false, 0);

    @Test
    void weighsAllAlikeOrAsSet() {
        PathWeights.Observed seen = seen(0, new int[] {0, 2, 3}, 1, 2, 3);

        assertThat(rule(Rule.EQUAL).weights(NamedTensors.none(), 0, seen)).containsExactly(1, 1, 1);
        assertThat(rule(Rule.FIXED).weights(NamedTensors.none(), 0, seen)).containsExactly(1, 2, 0);
    }

    @Test
    void bringsUncertaintyToTheLogarithmOfAConstantLoss() {
        PathWeights rule = rule(Rule.UNCERTAINTY);
        PathWeights.Observed seen = seen(0, new int[] {0, 1, 2, 3}, 0.5, 1, 2, 4);
        NamedTensors state = run(rule, seen, 500, PLAIN);

        assertThat(state.get("paths.0.s").toDoubles())
                .containsExactly(new double[] {Math.log(0.5), 0, Math.log(2), Math.log(4)}, within(1e-9));
        assertThat(rule.weights(state, 0, seen)).containsExactly(new double[] {2, 1, 0.5, 0.25}, within(1e-9));
    }

    @Test
    void keepsSoftmaxWeightsOfUnequalLossesAboveZeroAndTheirSum() {
        PathWeights rule = rule(Rule.SOFTMAX);
        PathWeights.Observed seen = seen(0, new int[] {0, 1, 3}, 1, 2, 5);
        double[] first = rule.weights(initial(rule), 0, seen);
        double[] last = rule.weights(run(rule, seen, 3000, PLAIN), 0, seen);

        assertThat(first).containsExactly(new double[] {1, 1, 1}, within(1e-15));
        assertThat(Arrays.stream(last).sum()).isCloseTo(3, within(1e-12));
        assertThat(last[0]).isGreaterThan(last[1]);
        assertThat(last[1]).isGreaterThan(last[2]);
        assertThat(last[2]).isGreaterThan(0.1);
        // Where the derivative w_k (l_k - mean) + w_k - 1 is zero.
        double mean = (last[0] + 2 * last[1] + 5 * last[2]) / 3;
        assertThat(last[0] * (1 - mean) + last[0]).isCloseTo(1, within(1e-6));
    }

    @Test
    void waitsTwoEpochsBeforeItFollowsTheRatesOfTheLosses() {
        PathWeights rule = rule(Rule.DWA);
        NamedTensors state = initial(rule);
        for (double loss : new double[] {4, 2}) {
            state = updated(rule, state, seen(0, new int[] {0, 1}, loss, 1), PLAIN);
        }
        state = updated(rule, state, seen(1, new int[] {0, 1}, 1.5, 1), PLAIN);
        assertThat(rule.weights(state, 0, seen(1, new int[] {0, 1}, 9, 9))).containsExactly(1, 1);

        double[] third = rule.weights(state, 0, seen(2, new int[] {0, 1}, 9, 9));
        double share = 1 / (1 + Math.exp((1 - 1.5 / 3) / 2));
        assertThat(third).containsExactly(new double[] {2 * share, 2 - 2 * share}, within(1e-12));
        assertThat(PathWeights.dwa(new double[] {2, 6, 1}, new double[] {1, 3, 0.5}))
                .containsExactly(new double[] {1, 1, 1}, within(1e-15));
    }

    @Test
    void givesMoreWeightToThePathOfTheSmallGradient() {
        PathWeights rule = rule(Rule.GRADNORM);
        double[] gram = {4, 0, 0, 0.25};
        PathWeights.Observed seen = new PathWeights.Observed(0, new int[] {1, 2}, new double[] {1, 1}, gram);
        NamedTensors state = initial(rule);
        for (int step = 0; step < 4000; step++) {
            state = rule.updated(state, 0, seen, rule.weights(state, 0, seen), 0.0005, PLAIN);
        }
        double[] weights = rule.weights(state, 0, seen);

        assertThat(weights[0] + weights[1]).isCloseTo(2, within(1e-12));
        assertThat(weights[0] * 2).isCloseTo(weights[1] * 0.5, within(0.01));
        assertThat(state.get("paths.0.first").toDoubles()).containsExactly(0, 1, 1, 0);
    }

    @Test
    void favoursThePathThatLearnsSlowly() {
        PathWeights rule = rule(Rule.GRADNORM);
        double[] gram = {1, 0, 0, 1};
        int[] paths = {0, 1};
        NamedTensors state =
                updated(rule, initial(rule), new PathWeights.Observed(0, paths, new double[] {2, 2}, gram), PLAIN);
        PathWeights.Observed later = new PathWeights.Observed(0, paths, new double[] {2, 1}, gram);
        double[] weights = rule.weights(updated(rule, state, later, PLAIN), 0, later);

        assertThat(weights[0]).isGreaterThan(weights[1]);
    }

    @Test
    void findsTheShortestCommonDirection() {
        assertThat(MinNormPoint.of(new double[] {2, 0, 0, 2}, 2)).containsExactly(0.5, 0.5);
        assertThat(norm(new double[] {3, -3, -3, 3}, 2)).isCloseTo(0, within(1e-15));
        assertThat(norm(new double[] {3, 3, 3, 3}, 2)).isEqualTo(3);
        assertThat(MinNormPoint.of(new double[] {1, 1, 1, 4}, 2)).containsExactly(1, 0);
        double[] three = MinNormPoint.of(new double[] {1, 0, 0, 0, 4, 0, 0, 0, 2}, 3);
        assertThat(three).containsExactly(new double[] {4.0 / 7, 1.0 / 7, 2.0 / 7}, within(1e-12));
    }

    @Test
    void opposesNoGradient() {
        double[][] gradients = {{1, 0.2, -0.5}, {-0.4, 1, 0.3}, {0.3, -0.9, 1}, {2, 1, 0.5}};
        double[] gram = new double[16];
        for (int i = 0; i < gram.length; i++) {
            for (int d = 0; d < 3; d++) {
                gram[i] += gradients[i / 4][d] * gradients[i % 4][d];
            }
        }
        double[] weights = MinNormPoint.of(gram, 4);
        double norm = norm(gram, 4);

        assertThat(Arrays.stream(weights).sum()).isCloseTo(1, within(1e-12));
        assertThat(norm).isGreaterThan(0.01);
        for (int k = 0; k < 4; k++) {
            double inner = 0;
            for (int l = 0; l < 4; l++) {
                inner += gram[k * 4 + l] * weights[l];
            }
            assertThat(weights[k]).isNotNegative();
            assertThat(inner).isGreaterThanOrEqualTo(norm - 1e-9);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"UNCERTAINTY", "SOFTMAX", "DWA", "GRADNORM"})
    void leavesWhatItKnowsOfAnAbsentPathAsItWas(Rule name) {
        PathWeights rule = rule(name);
        Experiment.Optimizer optimizer = Cohort.sgd(0.9, true, 0.01);
        NamedTensors before = updated(rule, initial(rule), seen(0, new int[] {0, 1, 2}, 1, 2, 3), optimizer);
        before = updated(rule, before, seen(1, new int[] {0, 1, 2}, 3, 1, 2), optimizer);
        NamedTensors after = updated(rule, before, seen(1, new int[] {0, 2}, 2, 4), optimizer);

        assertThat(after).isNotEqualTo(before);
        for (Map.Entry<String, Tensor> of : before.asMap().entrySet()) {
            if (of.getValue().size() == FIXED.length) {
                assertThat(after.get(of.getKey()).at(1)).isEqualTo(of.getValue().at(1));
                assertThat(after.get(of.getKey()).at(3)).isEqualTo(of.getValue().at(3));
            }
        }
    }

    private static double norm(double[] gram, int count) {
        double[] weights = MinNormPoint.of(gram, count);
        double norm = 0;
        for (int i = 0; i < gram.length; i++) {
            norm += gram[i] * weights[i / count] * weights[i % count];
        }
        return norm;
    }

    private static NamedTensors run(
            PathWeights rule, PathWeights.Observed seen, int steps, Experiment.Optimizer optimizer) {
        NamedTensors state = initial(rule);
        for (int step = 0; step < steps; step++) {
            state = updated(rule, state, seen, optimizer);
        }
        return state;
    }

    private static NamedTensors updated(
            PathWeights rule, NamedTensors state, PathWeights.Observed seen, Experiment.Optimizer optimizer) {
        return rule.updated(state, 0, seen, rule.weights(state, 0, seen), 0.1, optimizer);
    }

    private static NamedTensors initial(PathWeights rule) {
        Map<String, Tensor> state = new TreeMap<>();
        rule.initial(state, 0);
        return NamedTensors.of(state);
    }

    private static PathWeights rule(Rule rule) {
        return new PathWeights(rule, FIXED, 1, 1);
    }

    /** With gradients that are all of length 1 and orthogonal. */
    private static PathWeights.Observed seen(int epoch, int[] paths, double... losses) {
        double[] gram = new double[losses.length * losses.length];
        for (int k = 0; k < losses.length; k++) {
            gram[k * losses.length + k] = 1;
        }
        return new PathWeights.Observed(epoch, paths, losses, gram);
    }
}
