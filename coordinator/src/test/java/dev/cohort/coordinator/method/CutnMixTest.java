package dev.cohort.coordinator.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.Objective;
import dev.cohort.distill.OwnTeacher;
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
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class CutnMixTest {
    private static final int C = 4;
    private static final Ints ALIKE = Ints.of(3, 3, 3);
    private static final Ints DIFFERENT = Ints.of(2, 3, 4);
    private static final SoftLabels LABELS =
            new SoftLabels(C, List.of(Ints.of(0, 1, 2, 3, 0), Ints.of(3, 1, 0, 2, 2)), List.of(0.6, 0.4));

    @Test
    void pullsFeaturesOfDifferentWidthsThroughATrainedProjection() {
        CutnMix method = method(DIFFERENT, Map.of("beta", "0.7"), Cohort.sgd(0, false, 0));
        Cohort cohort = cohort(1, List.of(0, 1, 2), DIFFERENT);
        NamedTensors state = method.initialState();
        Teacher.TeacherStep lesson = method.teach(state, cohort.input(0, 0.1));

        assertThat(state.get("projection.2").shape()).isEqualTo(Ints.of(2, 4));
        for (int i = 0; i < 3; i++) {
            double[] features = leaf(lesson, i);
            double[] projection = Optional.ofNullable(method.step(state, cohort.input(0, 0.1))
                            .mutual
                            .projections
                            .get(i))
                    .orElseThrow();
            assertFeatureDerivative(method, state, cohort, i, features, 0.7);
            assertProjectionDerivative(method, state, cohort, i, projection);
            Tensor before = state.get("projection." + i);
            for (int k = 0; k < before.size(); k++) {
                assertThat(lesson.next().get("projection." + i).at(k))
                        .isCloseTo(before.at(k) - 0.1 * 0.7 * projection[k], within(1e-15));
            }
        }
    }

    @Test
    void findsNoDistanceBetweenFeaturesOfOneDirectionAndFourBetweenOpposites() {
        CutnMix method = method(ALIKE, Map.of(), Cohort.sgd(0, false, 0));
        double[] first = features(cohort(2, List.of(0), ALIKE), 0);
        Cohort alike = cohort(2, List.of(0, 1), ALIKE)
                .with(TensorName.FEATURES, List.of(first, PredictionMatrices.scaled(first, 5)));
        Cohort opposite = cohort(2, List.of(0, 1), ALIKE)
                .with(TensorName.FEATURES, List.of(first, PredictionMatrices.scaled(first, -2)));

        assertThat(loss(method, method.initialState(), alike, 0)).isCloseTo(0, within(1e-15));
        assertThat(leaf(method.teach(method.initialState(), alike.input(0, 0.1)), 0))
                .containsOnly(new double[] {0}, within(1e-15));
        assertThat(loss(method, method.initialState(), opposite, 0)).isCloseTo(4, within(1e-14));
    }

    @Test
    void givesARowOfZerosNoDirectionAndNoGradient() {
        CutnMix method = method(ALIKE, Map.of(), Cohort.sgd(0, false, 0));
        double[] zeros = new double[LABELS.rows() * 3];
        Cohort cohort = cohort(3, List.of(0, 1), ALIKE);
        Cohort silent = cohort.with(TensorName.FEATURES, List.of(zeros, features(cohort, 1)));
        Teacher.TeacherStep lesson = method.teach(method.initialState(), silent.input(0, 0.1));

        assertThat(leaf(lesson, 0)).containsOnly(0);
        assertThat(loss(method, method.initialState(), silent, 0)).isCloseTo(1, within(1e-15));
    }

    @Test
    void leavesTheProjectionAndHeadOfAnAbsentSlotAsTheyWere() {
        CutnMix method = method(DIFFERENT, Map.of("teacher", "head"), Cohort.sgd(0.9, true, 0.01));
        NamedTensors before = method.teach(
                        method.initialState(),
                        cohort(4, List.of(0, 1, 2), DIFFERENT).input(0, 0.1))
                .next();
        Cohort two = cohort(5, List.of(0, 2), DIFFERENT);
        Teacher.TeacherStep lesson = method.teach(before, two.input(0, 0.1));

        assertThat(lesson.addressed()).containsOnlyKeys(0, 2);
        for (String name : before.asMap().keySet()) {
            boolean absent = name.startsWith("head.weight.1") || name.startsWith("projection.1");
            assertThat(lesson.next().get(name).equals(before.get(name)))
                    .as("%s unchanged", name)
                    .isEqualTo(absent);
        }
        assertThat(loss(method, before, two, 0)).isCloseTo(loss(method, before, two, 2), within(1e-14));
    }

    @Test
    void teachesFromWeightAveragesFromLogitsOrFromAHead() {
        Cohort cohort = cohort(6, List.of(0, 1, 2), ALIKE);
        CutnMix ema = method(ALIKE, Map.of("ema_decay", "0.9"), Cohort.sgd(0, false, 0));
        CutnMix mean = method(ALIKE, Map.of("teacher", "mean"), Cohort.sgd(0, false, 0));
        CutnMix head = method(ALIKE, Map.of("teacher", "head"), Cohort.sgd(0, false, 0));

        assertThat(ema.ownTeacher()).isEqualTo(new OwnTeacher.Average(0.9));
        assertThat(ema.reads()).containsExactly(TensorName.FEATURES, TensorName.OWN_TEACHER);
        assertThat(mean.ownTeacher()).isEqualTo(new OwnTeacher.None());
        assertThat(mean.reads()).containsExactly(TensorName.FEATURES);
        assertThat(target(mean, cohort))
                .containsExactly(
                        PredictionMatrices.mean(List.of(cohort.logits(0), cohort.logits(1), cohort.logits(2))));
        assertThat(target(head, cohort))
                .containsExactly(new FusedHead(ALIKE, C)
                        .logits(
                                head.initialState(),
                                PredictionMatrices.features(predictions(cohort), LABELS.rows(), ALIKE),
                                LABELS.rows()));
        for (CutnMix method : List.of(ema, mean, head)) {
            assertThat(method.evaluate(method.initialState(), predictions(cohort))
                            .orElseThrow()
                            .toDoubles())
                    .containsExactly(target(method, cohort));
        }
        assertThat(ema.evaluate(ema.initialState(), new TreeMap<>(Map.of(0, logitsAlone(cohort)))))
                .isEmpty();
    }

    @Test
    void trainsTheHeadAndSendsItsGradientIntoTheFeaturesBesideTheFeatureTerm() {
        Cohort cohort = cohort(7, List.of(0, 1, 2), ALIKE);
        CutnMix both = method(ALIKE, Map.of("teacher", "head", "beta", "0.5"), Cohort.sgd(0, false, 0));
        CutnMix.Step step = both.step(both.initialState(), cohort.input(0, 0.1));
        Teacher.TeacherStep lesson = both.teach(both.initialState(), cohort.input(0, 0.1));

        double[] ofHead =
                Optional.ofNullable(step.head.orElseThrow().features.get(1)).orElseThrow();
        double[] ofTerm = Optional.ofNullable(step.mutual.features.get(1)).orElseThrow();
        for (int i = 0; i < ofHead.length; i++) {
            assertThat(leaf(lesson, 1)[i]).isCloseTo(ofHead[i] + 0.5 * ofTerm[i], within(1e-16));
        }
        assertThat(lesson.next().get("head.bias"))
                .isNotEqualTo(both.initialState().get("head.bias"));
    }

    @Test
    void givesAPeerThatComesLateTheTeacherAlone() {
        CutnMix method = method(ALIKE, Map.of(), Cohort.sgd(0, false, 0));
        Teacher.TeacherStep lesson = method.teach(
                method.initialState(), cohort(8, List.of(0, 1), ALIKE).input(0, 0.1));
        NamedTensors own = cohort(9, List.of(2), ALIKE).published().get(0);

        Objective.Result late = cohort(8, List.of(0, 1), ALIKE).nonContributor(own, lesson);

        assertThat(late.termLosses()).extracting(Objective.TermLoss::name).containsExactly("teacher");
        assertThat(late.distillation()).isPositive();
        assertThat(late.featuresGradient()).isEmpty();
    }

    @Test
    void refusesATeacherItDoesNotKnow() {
        assertThatThrownBy(() -> method(ALIKE, Map.of("teacher", "self", "beta", "-1"), Cohort.sgd(0, false, 0)))
                .hasMessage(
                        "method.beta: -1: must be a number from 0 to 1000000; method.teacher: self: must be one of ema,"
                                + " mean, head");
    }

    private static double loss(CutnMix method, NamedTensors state, Cohort cohort, int slot) {
        return Optional.ofNullable(
                        method.step(state, cohort.input(0, 0.1)).mutual.losses.get(slot))
                .orElseThrow();
    }

    private static double[] target(CutnMix method, Cohort cohort) {
        Term term = method.teach(method.initialState(), cohort.input(0, 0.1))
                .terms()
                .get(0);
        return ((Term.SoftTarget) term).values().toDoubles();
    }

    private static double[] leaf(Teacher.TeacherStep lesson, int slot) {
        return ((Term.LeafGradient)
                        lesson.addressed().getOrDefault(slot, List.of()).get(0))
                .gradient()
                .toDoubles();
    }

    private static double[] features(Cohort cohort, int i) {
        return cohort.published().get(i).get(TensorName.FEATURES).toDoubles();
    }

    private static SortedMap<Integer, NamedTensors> predictions(Cohort cohort) {
        SortedMap<Integer, NamedTensors> predictions = new TreeMap<>();
        for (int i = 0; i < cohort.size(); i++) {
            predictions.put(cohort.slots().get(i), cohort.published().get(i));
        }
        return predictions;
    }

    private static NamedTensors logitsAlone(Cohort cohort) {
        return NamedTensors.of(TensorName.LOGITS, cohort.published().get(0).get(TensorName.LOGITS));
    }

    /** The others' side is constant: i's own loss alone is differentiated. */
    private static void assertFeatureDerivative(
            CutnMix method, NamedTensors state, Cohort cohort, int i, double[] gradient, double beta) {
        double step = 1e-5;
        for (int k = 0; k < gradient.length; k++) {
            double[] both = new double[2];
            for (int side = 0; side < 2; side++) {
                double[] values = features(cohort, i);
                values[k] += side == 0 ? step : -step;
                List<double[]> all = new ArrayList<>();
                for (int j = 0; j < cohort.size(); j++) {
                    all.add(j == i ? values : features(cohort, j));
                }
                both[side] = beta * loss(method, state, cohort.with(TensorName.FEATURES, all), i);
            }
            assertThat(gradient[k]).isCloseTo((both[0] - both[1]) / (2 * step), within(1e-8));
        }
    }

    private static void assertProjectionDerivative(
            CutnMix method, NamedTensors state, Cohort cohort, int i, double[] gradient) {
        double step = 1e-5;
        String name = "projection." + i;
        for (int k = 0; k < gradient.length; k++) {
            double[] both = new double[2];
            for (int side = 0; side < 2; side++) {
                double[] values = state.get(name).toDoubles();
                values[k] += side == 0 ? step : -step;
                NamedTensors moved = state.with(
                        name,
                        Tensor.of(DType.FLOAT64, values, state.get(name).shape().toArray()));
                both[side] = loss(method, moved, cohort, i);
            }
            assertThat(gradient[k]).isCloseTo((both[0] - both[1]) / (2 * step), within(1e-8));
        }
    }

    private static Cohort cohort(long seed, List<Integer> slots, Ints widths) {
        List<NamedTensors> published = slots.stream()
                .map(slot -> Cohort.random(seed + 10 * slot, LABELS, List.of(0), widths.get(slot))
                        .published()
                        .get(0))
                .toList();
        return new Cohort(LABELS, slots, published)
                .with(
                        TensorName.OWN_TEACHER,
                        slots.stream()
                                .map(slot -> Cohort.random(seed + 100 + slot, LABELS, List.of(0), 1)
                                        .logits(0))
                                .toList());
    }

    private static CutnMix method(Ints widths, Map<String, String> parameters, Experiment.Optimizer optimizer) {
        return (CutnMix) CutnMix.METHOD.create(
                new Experiment.Method("cutnmix", parameters),
                new TeacherSetting(widths.size(), widths, C, 11, optimizer, DType.FLOAT64));
    }
}
