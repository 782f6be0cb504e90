package dev.cohort.coordinator.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.Objective;
import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.protocol.TensorName;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Gradients, updates and absent slots of the trained gate; slots 0 to 3 have features of width 2, 3, 2 and 1. */
class GateTest {
    private static final int C = 3;
    private static final int[] WIDTHS = {2, 3, 2, 1};
    private static final int INPUTS = 8;
    private static final SoftLabels LABELS =
            new SoftLabels(C, List.of(Ints.of(0, 1, 2, 0, 1), Ints.of(2, 1, 0, 1, 2)), List.of(0.75, 0.25));

    @ParameterizedTest
    @ValueSource(strings = {"0,1,2,3", "1,3", "0,2,3"})
    void hasTheGradientOfTheEnsemblesCrossEntropyForAnySetOfSlots(String present) {
        One one = one(Cohort.sgd(0, false, 0));
        Cohort cohort = cohort(present);
        NamedTensors state = trained(one);
        Gate.Gradients gradients = step(one, state, cohort).gradients;

        assertDerivative(state, GateState.WEIGHT, gradients.weight, s -> loss(one, s, cohort));
        assertDerivative(state, GateState.BIAS, gradients.bias, s -> loss(one, s, cohort));
        assertDerivative(state, GateState.GAMMA, gradients.gamma, s -> loss(one, s, cohort));
        assertDerivative(state, GateState.BETA, gradients.beta, s -> loss(one, s, cohort));
        for (int i = 0; i < cohort.size(); i++) {
            int contributor = i;
            assertDerivative(
                    cohort.published().get(i),
                    TensorName.FEATURES,
                    gradients.features.get(i),
                    own -> loss(one, state, replaced(cohort, contributor, own)));
        }
        assertThat(gradients.bias).containsOnly(new double[] {0}, within(1e-15));
    }

    @Test
    void isTheGateOfThePresentSlotsAloneWhenOthersAreAbsent() {
        One one = one(Cohort.sgd(0, false, 0));
        NamedTensors state = trained(one);
        One small = (One) One.METHOD.create(
                new Experiment.Method("one", Map.of()),
                new TeacherSetting(2, Ints.of(3, 1), C, 1, Cohort.sgd(0, false, 0), DType.FLOAT64));
        double[] weight = state.get(GateState.WEIGHT).toDoubles();
        NamedTensors rest = small.initialState()
                .with(GateState.WEIGHT, Tensor.of(DType.FLOAT64, pick(weight, 10, 11, 12, 15, 26, 27, 28, 31), 2, 4));
        for (String name : List.of(GateState.BIAS, GateState.GAMMA, GateState.BETA)) {
            rest = rest.with(name, Tensor.of(DType.FLOAT64, pick(state.get(name).toDoubles(), 1, 3), 2));
        }
        Cohort cohort = cohort("1,3");
        Cohort renumbered = Cohort.of(LABELS, cohort.published());

        One.Step among = step(one, state, cohort);
        One.Step alone = step(small, rest, renumbered);

        assertThat(among.ensemble).containsExactly(alone.ensemble);
        assertThat(among.pass.gates).containsExactly(alone.pass.gates);
        assertThat(among.gradients.features.get(0)).containsExactly(alone.gradients.features.get(0));
        assertThat(pick(among.gradients.weight, 10, 11, 12, 15, 26, 27, 28, 31))
                .containsExactly(alone.gradients.weight);
    }

    @Test
    void touchesNothingThatBelongsToAnAbsentSlot() {
        One one = one(Cohort.sgd(0.9, true, 0.01));
        NamedTensors before =
                one.teach(trained(one), cohort("0,1,2,3").input(0, 0.1)).next();
        NamedTensors after = one.teach(before, cohort("1,3").input(0, 0.1)).next();

        for (String name : before.asMap().keySet()) {
            Tensor old = before.get(name);
            Tensor now = after.get(name);
            for (int i = 0; i < old.size(); i++) {
                boolean present = name.startsWith(GateState.WEIGHT)
                        ? isPresent(i / INPUTS) && isPresent(slotOfInput(i % INPUTS))
                        : isPresent(i);
                assertThat(now.at(i) == old.at(i))
                        .as("%s[%d] unchanged", name, i)
                        .isEqualTo(!present);
            }
        }
    }

    @Test
    void descendsAsPyTorchsSgdDoes() {
        Experiment.Optimizer optimizer = Cohort.sgd(0.9, false, 0.01);
        One one = one(optimizer);
        Cohort cohort = cohort("0,1,2,3");
        NamedTensors start = trained(one);
        NamedTensors first = one.teach(start, cohort.input(0, 0.1)).next();
        NamedTensors second = one.teach(first, cohort.input(0, 0.05)).next();

        double w0 = start.get(GateState.WEIGHT).at(9);
        double v1 = step(one, start, cohort).gradients.weight[9] + 0.01 * w0;
        double w1 = w0 - 0.1 * v1;
        double v2 = 0.9 * v1 + step(one, first, cohort).gradients.weight[9] + 0.01 * w1;

        assertThat(first.get(GateState.WEIGHT).at(9)).isCloseTo(w1, within(1e-15));
        assertThat(second.get(GateState.WEIGHT + TrainedParameter.MOMENTUM).at(9))
                .isCloseTo(v2, within(1e-15));
        assertThat(second.get(GateState.WEIGHT).at(9)).isCloseTo(w1 - 0.05 * v2, within(1e-15));
    }

    @Test
    void looksAheadWithNesterovsMomentum() {
        One one = one(Cohort.sgd(0.9, true, 0));
        Cohort cohort = cohort("0,1,2,3");
        NamedTensors start = trained(one);

        double gradient = step(one, start, cohort).gradients.gamma[2];
        NamedTensors next = one.teach(start, cohort.input(0, 0.1)).next();

        assertThat(next.get(GateState.GAMMA).at(2))
                .isCloseTo(start.get(GateState.GAMMA).at(2) - 0.1 * 1.9 * gradient, within(1e-15));
    }

    @Test
    void lowersTheEnsemblesLoss() {
        One one = one(Cohort.sgd(0.9, false, 0));
        Cohort cohort = cohort("0,1,2,3");
        NamedTensors state = one.initialState();
        double before = loss(one, state, cohort);
        for (int step = 0; step < 50; step++) {
            state = one.teach(state, cohort.input(0, 0.1)).next();
        }

        assertThat(loss(one, state, cohort)).isLessThan(before - 0.05);
    }

    @Test
    void keepsTheRunningMeanAndTheUnbiasedVariance() {
        One one = one(Cohort.sgd(0, false, 0));
        Cohort cohort = cohort("0,1,2,3");
        NamedTensors start = trained(one);
        Gate.Pass pass = step(one, start, cohort).pass;

        NamedTensors next = one.teach(start, cohort.input(0, 0.1)).next();

        assertThat(next.get(GateState.MEAN).at(1))
                .isCloseTo(0.9 * start.get(GateState.MEAN).at(1) + 0.1 * pass.mean[1], within(1e-15));
        assertThat(next.get(GateState.VARIANCE).at(1))
                .isCloseTo(0.9 * start.get(GateState.VARIANCE).at(1) + 0.1 * pass.variance[1] * 5 / 4, within(1e-15));
    }

    @Test
    void drawsEachSlotsParametersFromTheSeedAndTheSlot() {
        double[] weight = GateState.initial(3, 50, 7).weight.values;
        double[] moreSlots = GateState.initial(5, 50, 7).weight.values;
        double[] otherSeed = GateState.initial(3, 50, 8).weight.values;

        for (int slot = 0; slot < 3; slot++) {
            assertThat(row(moreSlots, slot)).containsExactly(row(weight, slot));
            assertThat(row(otherSeed, slot)).doesNotContain(row(weight, slot)[0]);
        }
        assertThat(row(weight, 0)).doesNotContain(row(weight, 1));
        for (double value : weight) {
            assertThat(Math.abs(value)).isLessThanOrEqualTo(1 / Math.sqrt(50));
        }
    }

    @Test
    void keepsParametersMomentumAndStatisticsAndNothingElse() {
        assertThat(new TreeSet<>(
                        one(Cohort.sgd(0.9, false, 0)).initialState().asMap().keySet()))
                .containsExactly(
                        "gate.bias",
                        "gate.bias.momentum",
                        "gate.weight",
                        "gate.weight.momentum",
                        "norm.beta",
                        "norm.beta.momentum",
                        "norm.gamma",
                        "norm.gamma.momentum",
                        "norm.mean",
                        "norm.variance");
    }

    private static One one(Experiment.Optimizer optimizer) {
        return (One) One.METHOD.create(
                new Experiment.Method("one", Map.of()),
                new TeacherSetting(4, Ints.of(WIDTHS), C, 3, optimizer, DType.FLOAT64));
    }

    /** A state in which scale and shift are not those of the identity. */
    private static NamedTensors trained(One one) {
        return one.initialState()
                .with(GateState.GAMMA, Tensor.of(DType.FLOAT64, new double[] {0.9, 1.2, 0.7, 1.1}, 4))
                .with(GateState.BETA, Tensor.of(DType.FLOAT64, new double[] {0.3, -0.2, 0.1, 0.4}, 4))
                .with(GateState.MEAN, Tensor.of(DType.FLOAT64, new double[] {0.1, 0.2, 0.3, 0.4}, 4));
    }

    private static Cohort cohort(String present) {
        List<Integer> slots =
                List.of(present.split(",", -1)).stream().map(Integer::valueOf).toList();
        List<NamedTensors> published = new ArrayList<>();
        for (int slot : slots) {
            published.addAll(Cohort.random(100 + slot, LABELS, List.of(slot), WIDTHS[slot])
                    .published());
        }
        return new Cohort(LABELS, slots, published);
    }

    private static Cohort replaced(Cohort cohort, int contributor, NamedTensors own) {
        List<NamedTensors> published = new ArrayList<>(cohort.published());
        published.set(contributor, own);
        return new Cohort(cohort.labels(), cohort.slots(), published);
    }

    private static One.Step step(One one, NamedTensors state, Cohort cohort) {
        Teacher.StepInput input = cohort.input(0, 0.1);
        return one.step(GateState.of(state), input);
    }

    private static double loss(One one, NamedTensors state, Cohort cohort) {
        return Objective.crossEntropy(LABELS, step(one, state, cohort).ensemble);
    }

    private static void assertDerivative(
            NamedTensors at, String name, double[] gradient, ToDoubleFunction<NamedTensors> loss) {
        double h = 1e-5;
        double[] values = at.get(name).toDoubles();
        int[] shape = at.get(name).shape().toArray();
        for (int i = 0; i < values.length; i++) {
            double value = values[i];
            values[i] = value + h;
            double above = loss.applyAsDouble(at.with(name, Tensor.of(DType.FLOAT64, values, shape)));
            values[i] = value - h;
            double below = loss.applyAsDouble(at.with(name, Tensor.of(DType.FLOAT64, values, shape)));
            values[i] = value;
            assertThat(gradient[i]).as("%s[%d]", name, i).isCloseTo((above - below) / (2 * h), within(1e-8));
        }
    }

    private static boolean isPresent(int slot) {
        return slot == 1 || slot == 3;
    }

    private static int slotOfInput(int input) {
        int slot = 0;
        int end = WIDTHS[0];
        while (input >= end) {
            slot++;
            end += WIDTHS[slot];
        }
        return slot;
    }

    private static double[] pick(double[] values, int... indices) {
        double[] picked = new double[indices.length];
        for (int i = 0; i < indices.length; i++) {
            picked[i] = values[indices[i]];
        }
        return picked;
    }

    private static double[] row(double[] weight, int slot) {
        return Arrays.copyOfRange(weight, slot * 50, (slot + 1) * 50);
    }
}
