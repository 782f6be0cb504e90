package dev.cohort.coordinator.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.Objective;
import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Slots 0 to 3, the leader in slot 2; slot 3 is a newcomer's. */
class OkddipTest {
    private static final int C = 4;
    private static final int LEADER = 2;
    private static final Ints ALIKE = Ints.of(3, 3, 3, 3);
    private static final Ints DIFFERENT = Ints.of(2, 3, 4, 2);
    private static final SoftLabels LABELS =
            new SoftLabels(C, List.of(Ints.of(0, 1, 2, 3, 0), Ints.of(3, 1, 0, 2, 2)), List.of(0.6, 0.4));

    @Test
    void hasTheDerivativesOfTheDivergencesForFeaturesOfDifferentWidths() {
        Okddip okddip = okddip(DIFFERENT, Cohort.sgd(0, false, 0));
        Cohort cohort = cohort(1, List.of(0, 1, LEADER, 3), DIFFERENT);
        NamedTensors state = okddip.initialState();
        Teacher.TeacherStep lesson = okddip.teach(state, cohort.input(0, 0.1));

        assertThat(state.asMap()).containsKeys("attention.query.0", "attention.key.3");
        assertThat(state.get("attention.key.1").shape()).isEqualTo(Ints.of(1, 3));
        assertThat(state.asMap()).doesNotContainKey("attention.query.2");
        for (int i : new int[] {0, 1, 3}) {
            double[] gradient =
                    cohort.objective(i, lesson).featuresGradient().orElseThrow().toDoubles();
            assertDerivative(cohort, okddip, state, i, TensorName.FEATURES, gradient);
        }
        for (int i = 0; i < cohort.size(); i++) {
            double[] gradient = cohort.objective(i, lesson).logitsGradient().toDoubles();
            assertDerivative(cohort, okddip, state, i, TensorName.LOGITS, gradient);
        }
    }

    @Test
    void leavesAnAbsentAuxiliaryPeerOutOfAttentionAndMean() {
        Okddip okddip = okddip(DIFFERENT, Cohort.sgd(0.9, true, 0.01));
        Cohort cohort = cohort(2, List.of(0, LEADER, 3), DIFFERENT);
        NamedTensors before = okddip.teach(
                        okddip.initialState(),
                        cohort(1, List.of(0, 1, LEADER, 3), DIFFERENT).input(0, 0.1))
                .next();
        Teacher.TeacherStep lesson = okddip.teach(before, cohort.input(0, 0.1));
        double[] mean = PredictionMatrices.mean(List.of(cohort.logits(0), cohort.logits(2)));

        assertThat(okddip.step(before, cohort.input(0, 0.1)).attention.weights).hasSize(LABELS.rows() * 4);
        assertThat(target(lesson.addressed().getOrDefault(LEADER, List.of()).get(0)))
                .containsExactly(mean);
        assertThat(lesson.addressed()).containsOnlyKeys(0, LEADER, 3);
        for (String name : before.asMap().keySet()) {
            assertThat(lesson.next().get(name).equals(before.get(name)))
                    .as("%s unchanged", name)
                    .isEqualTo(name.contains(".1"));
        }
    }

    @Test
    void sendsNothingBackForALeaderThatIsAbsent() {
        Okddip okddip = okddip(ALIKE, Cohort.sgd(0, false, 0));
        Cohort whole = cohort(3, List.of(0, 1, LEADER), ALIKE);
        Cohort led = cohort(3, List.of(0, 1), ALIKE);
        NamedTensors state = okddip.initialState();
        Teacher.TeacherStep lesson = okddip.teach(state, led.input(0, 0.1));

        assertThat(lesson.addressed()).containsOnlyKeys(0, 1);
        double[] gradient = led.objective(0, lesson).logitsGradient().toDoubles();
        assertDerivative(led, okddip, state, 0, TensorName.LOGITS, gradient);
        assertThat(whole.logits(0)).isEqualTo(led.logits(0));
        assertThat(whole.objective(0, okddip.teach(state, whole.input(0, 0.1)))
                        .logitsGradient()
                        .toDoubles())
                .isNotEqualTo(gradient);
    }

    @Test
    void hasASingleAuxiliaryPeerAttendToItself() {
        Okddip okddip = okddip(ALIKE, Cohort.sgd(0, false, 0));
        Cohort cohort = cohort(4, List.of(1, LEADER), ALIKE);
        Teacher.TeacherStep lesson = okddip.teach(okddip.initialState(), cohort.input(0, 0.1));

        assertThat(okddip.step(okddip.initialState(), cohort.input(0, 0.1)).attention.weights)
                .containsOnly(1);
        assertThat(cohort.objective(0, lesson).distillation()).isZero();
        assertThat(target(lesson.addressed().getOrDefault(LEADER, List.of()).get(0)))
                .containsExactly(cohort.logits(0));
        assertThat(cohort.objective(1, lesson).distillation()).isPositive();
    }

    @Test
    void givesAPeerThatComesLateTheMeanOfTheAuxiliaryPeersAsAConstant() {
        Okddip okddip = okddip(ALIKE, Cohort.sgd(0, false, 0));
        Cohort cohort = cohort(5, List.of(0, 1), ALIKE);
        Teacher.TeacherStep lesson = okddip.teach(okddip.initialState(), cohort.input(0, 0.1));
        NamedTensors own = cohort(6, List.of(LEADER), ALIKE).published().get(0);
        Objective.Result late = cohort.nonContributor(own, lesson);
        Objective.Result expected = cohort.nonContributor(
                own,
                new Teacher.TeacherStep(
                        1,
                        List.of(new Term.SoftTarget(
                                "mean",
                                Tensor.of(
                                        DType.FLOAT64,
                                        PredictionMatrices.mean(List.of(cohort.logits(0), cohort.logits(1))),
                                        LABELS.rows(),
                                        C),
                                Term.Space.LOGITS,
                                Term.Vote.INCLUDED,
                                1,
                                3)),
                        new TreeMap<>(),
                        NamedTensors.none()));

        assertThat(late.logitsGradient()).isEqualTo(expected.logitsGradient());
        assertThat(late.featuresGradient()).isEmpty();
        assertThat(late.distillation()).isEqualTo(expected.distillation()).isPositive();
    }

    @Test
    void learnsWhomToAttendTo() {
        Okddip okddip = okddip(ALIKE, Cohort.sgd(0.9, false, 0));
        Cohort cohort = cohort(7, List.of(0, 1, LEADER, 3), ALIKE);
        NamedTensors state = okddip.initialState();
        double before = loss(cohort, okddip, state);
        for (int step = 0; step < 100; step++) {
            state = okddip.teach(state, cohort.input(0, 0.1)).next();
        }

        assertThat(state.asMap())
                .containsOnlyKeys(
                        "attention.key", "attention.key.momentum", "attention.query", "attention.query.momentum");
        assertThat(loss(cohort, okddip, state)).isLessThan(before);
    }

    @Test
    void isEvaluatedAsTheMeanOfTheAuxiliaryPeers() {
        Okddip okddip = okddip(ALIKE, Cohort.sgd(0, false, 0));
        Cohort cohort = cohort(8, List.of(0, LEADER, 3), ALIKE);
        TreeMap<Integer, NamedTensors> predictions = new TreeMap<>();
        predictions.put(LEADER, cohort.published().get(1));
        assertThat(okddip.evaluate(okddip.initialState(), predictions)).isEmpty();
        predictions.put(0, cohort.published().get(0));
        predictions.put(3, cohort.published().get(2));

        assertThat(okddip.evaluate(okddip.initialState(), predictions)
                        .orElseThrow()
                        .toDoubles())
                .containsExactly(PredictionMatrices.mean(List.of(cohort.logits(0), cohort.logits(2))));
    }

    private static double[] target(Term term) {
        return ((Term.SoftTarget) term).values().toDoubles();
    }

    /** Sum of the losses of all, each with the targets that these very predictions make. */
    private static double loss(Cohort cohort, Okddip okddip, NamedTensors state) {
        Teacher.TeacherStep lesson = okddip.teach(state, cohort.input(0, 0.1));
        double sum = 0;
        for (int i = 0; i < cohort.size(); i++) {
            Objective.Result result = cohort.objective(i, lesson);
            sum += result.crossEntropy() + result.distillation();
        }
        return sum;
    }

    private static void assertDerivative(
            Cohort cohort, Okddip okddip, NamedTensors state, int i, String name, double[] gradient) {
        double step = 1e-5;
        double[] values = cohort.published().get(i).get(name).toDoubles();
        for (int k = 0; k < values.length; k++) {
            double up = loss(shifted(cohort, i, name, k, step), okddip, state);
            double down = loss(shifted(cohort, i, name, k, -step), okddip, state);
            assertThat(gradient[k])
                    .as("%s[%d] of contributor %d", name, k, i)
                    .isCloseTo((up - down) / (2 * step), within(1e-7));
        }
    }

    private static Cohort shifted(Cohort cohort, int i, String name, int k, double by) {
        List<NamedTensors> published = new ArrayList<>(cohort.published());
        Tensor old = published.get(i).get(name);
        double[] values = old.toDoubles();
        values[k] += by;
        published.set(
                i,
                published
                        .get(i)
                        .with(name, Tensor.of(DType.FLOAT64, values, old.shape().toArray())));
        return new Cohort(cohort.labels(), cohort.slots(), published);
    }

    private static Cohort cohort(long seed, List<Integer> slots, Ints widths) {
        List<NamedTensors> published = slots.stream()
                .map(slot -> Cohort.random(seed + 10 * slot, LABELS, List.of(0), widths.get(slot))
                        .published()
                        .get(0))
                .toList();
        return new Cohort(LABELS, slots, published);
    }

    private static Okddip okddip(Ints widths, Experiment.Optimizer optimizer) {
        return (Okddip) Okddip.METHOD.create(
                new Experiment.Method("okddip", Map.of()),
                new TeacherSetting(widths.size(), LEADER + 1, widths, C, 11, optimizer, DType.FLOAT64));
    }
}
