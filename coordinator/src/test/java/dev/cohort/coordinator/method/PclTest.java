package dev.cohort.coordinator.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.Objective;
import dev.cohort.distill.OwnTeacher;
import dev.cohort.distill.Softmax;
import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Slots 0 to 2 have features of width 2, 3 and 4. */
class PclTest {
    private static final int C = 4;
    private static final Ints WIDTHS = Ints.of(2, 3, 4);
    private static final SoftLabels LABELS =
            new SoftLabels(C, List.of(Ints.of(0, 1, 2, 3, 0), Ints.of(3, 1, 0, 2, 2)), List.of(0.6, 0.4));

    @Test
    void isTheHeadOfThePresentSlotsWhenOneIsAbsent() {
        Pcl pcl = pcl(WIDTHS, Map.of(), Cohort.sgd(0, false, 0));
        Cohort cohort = cohort(1, List.of(0, 2));
        NamedTensors state = pcl.initialState();
        Pcl small = pcl(Ints.of(2, 4), Map.of(), Cohort.sgd(0, false, 0));
        NamedTensors rest = small.initialState()
                .with("head.weight.0", state.get("head.weight.0"))
                .with("head.weight.1", state.get("head.weight.2"))
                .with("head.bias", state.get("head.bias"));
        Cohort renumbered = Cohort.of(LABELS, cohort.published());

        Teacher.TeacherStep among = pcl.teach(state, cohort.input(0, 0.1));
        Teacher.TeacherStep alone = small.teach(rest, renumbered.input(0, 0.1));

        assertThat(among.terms()).isEqualTo(alone.terms());
        assertThat(among.addressed().get(2)).isEqualTo(alone.addressed().get(1));
        assertThat(among.next().get("head.weight.2")).isEqualTo(alone.next().get("head.weight.1"));
        assertThat(among.addressed()).containsOnlyKeys(0, 2);
    }

    @Test
    void leavesTheParametersOfAnAbsentSlotAsTheyWere() {
        Pcl pcl = pcl(WIDTHS, Map.of(), Cohort.sgd(0.9, true, 0.01));
        NamedTensors before = pcl.teach(
                        pcl.initialState(), cohort(1, List.of(0, 1, 2)).input(0, 0.1))
                .next();
        NamedTensors after =
                pcl.teach(before, cohort(2, List.of(0, 2)).input(0, 0.1)).next();

        for (String name : before.asMap().keySet()) {
            boolean absent = name.startsWith("head.weight.1");
            assertThat(after.get(name).equals(before.get(name)))
                    .as("%s unchanged", name)
                    .isEqualTo(absent);
        }
    }

    @Test
    void givesAPeerThatComesLateBothTargetsButNoGradientOfAPassThatIsGone() {
        Pcl pcl = pcl(WIDTHS, Map.of("temperature", "2", "weight", "0.5"), Cohort.sgd(0, false, 0));
        Cohort cohort = cohort(3, List.of(0, 1));
        Teacher.TeacherStep lesson = pcl.teach(pcl.initialState(), cohort.input(0, 0.1));
        NamedTensors own = cohort(4, List.of(2)).published().get(0);
        double[] all = new double[LABELS.rows() * C];
        for (NamedTensors published : cohort.published()) {
            double[] average =
                    Softmax.probabilities(published.get(TensorName.OWN_TEACHER).toDoubles(), C, 2);
            for (int k = 0; k < all.length; k++) {
                all[k] += average[k] / 2;
            }
        }

        Objective.Result late = cohort.nonContributor(own, lesson);

        assertThat(late.featuresGradient()).isEmpty();
        assertThat(late.termLosses()).extracting(Objective.TermLoss::name).containsExactly("ensemble", "averages");
        double[] z = own.get(TensorName.LOGITS).toDoubles();
        double[] ensemble = ((Term.SoftTarget) lesson.terms().get(0)).values().toDoubles();
        double[] p = Softmax.probabilities(z, C, 1);
        double[] soft = Softmax.probabilities(z, C, 2);
        double[] teacher = Softmax.probabilities(ensemble, C, 2);
        double[] y = LABELS.dense();
        double[] expected = IntStream.range(0, z.length)
                .mapToDouble(k ->
                        (p[k] - y[k] + 0.5 * 2 * (soft[k] - teacher[k]) + 0.5 * 2 * (soft[k] - all[k])) / LABELS.rows())
                .toArray();
        assertThat(late.logitsGradient().toDoubles()).containsExactly(expected, within(1e-14));
    }

    @Test
    void drawsWhatBelongsToASlotFromTheSeedAndTheSlotAlone() {
        NamedTensors one =
                pcl(Ints.of(3, 3, 3), Map.of(), Cohort.sgd(0, false, 0)).initialState();
        NamedTensors other =
                pcl(Ints.of(2, 3, 4), Map.of(), Cohort.sgd(0, false, 0)).initialState();

        assertThat(other.get("head.weight.1")).isEqualTo(one.get("head.weight.1"));
        assertThat(one.get("head.weight.1")).isNotEqualTo(one.get("head.weight.0"));
        assertThat(Arrays.stream(one.get("head.weight.1").toDoubles())).allMatch(w -> Math.abs(w) <= 1.0 / 3);
    }

    @Test
    void teachesWithoutChangingTheStateItIsGiven() {
        Pcl pcl = pcl(WIDTHS, Map.of(), Cohort.sgd(0.9, false, 1e-4));
        NamedTensors state = pcl.initialState();
        Cohort cohort = cohort(5, List.of(0, 1, 2));

        Teacher.TeacherStep first = pcl.teach(state, cohort.input(0, 0.1));
        Teacher.TeacherStep again = pcl.teach(state, cohort.input(0, 0.1));

        assertThat(state).isEqualTo(pcl.initialState());
        assertThat(again).isEqualTo(first);
        assertThat(first.next()).isNotEqualTo(state);
    }

    @Test
    void trainsItsHead() {
        Pcl pcl = pcl(WIDTHS, Map.of(), Cohort.sgd(0.9, false, 0));
        NamedTensors state = pcl.initialState();
        Cohort cohort = cohort(6, List.of(0, 1, 2));
        double before = pcl.step(state, cohort.input(0, 0.1)).crossEntropy;
        for (int step = 0; step < 50; step++) {
            state = pcl.teach(state, cohort.input(0, 0.1)).next();
        }

        assertThat(pcl.step(state, cohort.input(0, 0.1)).crossEntropy).isLessThan(before - 0.1);
    }

    @Test
    void isEvaluatedByItsHead() {
        Pcl pcl = pcl(WIDTHS, Map.of(), Cohort.sgd(0, false, 0));
        Cohort cohort = cohort(7, List.of(0, 2));
        TreeMap<Integer, NamedTensors> predictions = new TreeMap<>();
        predictions.put(0, cohort.published().get(0));
        predictions.put(2, cohort.published().get(1));

        Tensor head = pcl.evaluate(pcl.initialState(), predictions).orElseThrow();

        assertThat(head.toDoubles()).containsExactly(pcl.step(pcl.initialState(), cohort.input(0, 0.1)).logits);
        predictions.put(
                2, NamedTensors.of(TensorName.LOGITS, cohort.published().get(1).get(TensorName.LOGITS)));
        assertThat(pcl.evaluate(pcl.initialState(), predictions)).isEmpty();
    }

    @Test
    void hasEachStudentKeepTheAverageOfItsWeights() {
        assertThat(pcl(WIDTHS, Map.of(), Cohort.sgd(0, false, 0)).ownTeacher())
                .isEqualTo(new OwnTeacher.Average(0.999));
        assertThat(pcl(WIDTHS, Map.of("ema_decay", "0.9"), Cohort.sgd(0, false, 0))
                        .ownTeacher())
                .isEqualTo(new OwnTeacher.Average(0.9));
        assertThatThrownBy(() -> pcl(WIDTHS, Map.of("ema_decay", "1"), Cohort.sgd(0, false, 0)))
                .hasMessage("method.ema_decay: 1: must be a number from 0 to below 1");
    }

    private static Cohort cohort(long seed, List<Integer> slots) {
        Cohort random = Cohort.random(seed, LABELS, slots, 1);
        return random.with(
                        TensorName.FEATURES,
                        slots.stream()
                                .map(slot -> Cohort.random(seed + 10 * slot, LABELS, List.of(0), WIDTHS.get(slot))
                                        .published()
                                        .get(0)
                                        .get(TensorName.FEATURES)
                                        .toDoubles())
                                .toList())
                .with(
                        TensorName.OWN_TEACHER,
                        slots.stream()
                                .map(slot -> Cohort.random(seed + 100 + slot, LABELS, List.of(0), 1)
                                        .logits(0))
                                .toList());
    }

    private static Pcl pcl(Ints widths, Map<String, String> parameters, Experiment.Optimizer optimizer) {
        return (Pcl) Pcl.METHOD.create(
                new Experiment.Method("pcl", parameters),
                new TeacherSetting(widths.size(), widths, C, 11, optimizer, DType.FLOAT64));
    }
}
