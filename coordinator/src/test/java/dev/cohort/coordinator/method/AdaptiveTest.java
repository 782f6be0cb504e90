package dev.cohort.coordinator.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.Objective;
import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.SoftLabels;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AdaptiveTest {
    private static final int C = 4;
    private static final int D = 3;
    private static final SoftLabels LABELS =
            new SoftLabels(C, List.of(Ints.of(0, 1, 2, 3, 0), Ints.of(3, 1, 0, 2, 2)), List.of(0.6, 0.4));

    @ParameterizedTest
    @ValueSource(strings = {"published", "equal", "fixed", "uncertainty", "softmax", "dwa", "gradnorm", "mgda"})
    void hasTheGradientOfThePathsByTheWeightsThatTheLogShows(String rule) {
        for (String ensemble : List.of("all", "others")) {
            Adaptive adaptive = adaptive(
                    Map.of(
                            "weights", rule,
                            "ensemble", ensemble,
                            "fixed_labels", "0.7",
                            "fixed_ensemble", "0.3",
                            "fixed_features", "0.2",
                            "fixed_peers", "0.1",
                            "alpha", "0.4"),
                    Cohort.sgd(0.9, false, 0));
            Cohort cohort = Cohort.random(1, LABELS, List.of(0, 1, 3), D);
            NamedTensors state = adaptive.initialState();
            for (int step = 0; step < 3; step++) {
                state = adaptive.teach(state, cohort.input(step, 0.1)).next();
            }
            Teacher.TeacherStep lesson = adaptive.teach(state, cohort.input(3, 0.1));
            for (int i = 0; i < 3; i++) {
                SortedMap<String, Double> weights =
                        weights(lesson, cohort.slots().get(i));
                Objective.Result result = cohort.objective(i, lesson);
                double[] expected = cohort.objective(i, 0, wholePaths(cohort, i, weights, ensemble), DType.FLOAT64)
                        .logitsGradient()
                        .toDoubles();

                assertThat(weights).hasSize(5);
                assertThat(result.logitsGradient().toDoubles()).containsExactly(expected, within(1e-14));
                assertThat(result.featuresGradient().orElseThrow().toDoubles())
                        .containsExactly(featureGradient(cohort, i, weights), within(1e-15));
            }
        }
    }

    /** Every path as a term of its own. */
    private static List<Term> wholePaths(Cohort cohort, int i, SortedMap<String, Double> weights, String ensemble) {
        List<Term> terms = new ArrayList<>();
        List<double[]> voices = new ArrayList<>();
        terms.add(new Term.CrossEntropy("labels", weight(weights, "labels")));
        for (int j = 0; j < cohort.size(); j++) {
            if (j != i) {
                terms.add(target(
                        cohort.logits(j),
                        weight(weights, "slot" + cohort.slots().get(j))));
            }
            if (j != i || ensemble.equals("all")) {
                voices.add(cohort.logits(j));
            }
        }
        terms.add(target(PredictionMatrices.mean(voices), weight(weights, "ensemble")));
        return terms;
    }

    private static Term target(double[] logits, double weight) {
        return new Term.SoftTarget(
                "path",
                Tensor.of(DType.FLOAT64, logits, LABELS.rows(), C),
                Term.Space.LOGITS,
                Term.Vote.INCLUDED,
                weight,
                3);
    }

    private static double[] featureGradient(Cohort cohort, int i, SortedMap<String, Double> weights) {
        Ints widths = Ints.of(D, D, D, D);
        double[] gradient = Optional.ofNullable(new MutualFeatures(widths)
                        .step(
                                NamedTensors.none(),
                                PredictionMatrices.features(
                                        PredictionMatrices.bySlot(
                                                cohort.input(0, 0.1).predictions()),
                                        LABELS.rows(),
                                        widths),
                                LABELS.rows())
                        .features
                        .get(cohort.slots().get(i)))
                .orElseThrow();
        return PredictionMatrices.scaled(gradient, weight(weights, "features"));
    }

    @Test
    void isThePlainSumOfItsPathsWhenAllWeighTheSame() {
        Adaptive adaptive = adaptive(Map.of("weights", "equal", "features", "false"), Cohort.sgd(0, false, 0));
        Cohort cohort = Cohort.random(2, LABELS, List.of(0, 1), D);
        Teacher.TeacherStep lesson = adaptive.teach(adaptive.initialState(), cohort.input(0, 0.1));

        assertThat(adaptive.reads()).isEmpty();
        assertThat(adaptive.initialState()).isEqualTo(NamedTensors.none());
        assertThat(weights(lesson, 0)).isEqualTo(Map.of("labels", 1.0, "ensemble", 1.0, "slot1", 1.0));
        assertThat(cohort.objective(0, lesson).featuresGradient()).isEmpty();
    }

    @Test
    void givesEachStudentWeightsOfItsOwn() {
        Adaptive adaptive = adaptive(Map.of("weights", "uncertainty"), Cohort.sgd(0, false, 0));
        Cohort cohort = Cohort.random(3, LABELS, List.of(0, 1, 2), D);
        NamedTensors state =
                adaptive.teach(adaptive.initialState(), cohort.input(0, 0.1)).next();
        Teacher.TeacherStep lesson = adaptive.teach(state, cohort.input(0, 0.1));
        double crossEntropy = cohort.objective(1, lesson).crossEntropy();

        assertThat(weight(weights(lesson, 1), "labels")).isCloseTo(Math.exp(-0.1 * (crossEntropy - 1)), within(1e-12));
        assertThat(weights(lesson, 0)).isNotEqualTo(weights(lesson, 1));
    }

    /** Chennupati et al.: {@code CE + alpha sum e^-a_k l_k + a_k}, with the loss on the logits as a path, too. */
    @Test
    void weighsItsPathsAsPublishedAndLeavesTheLabelsAtOne() {
        Experiment.Optimizer optimizer = Cohort.sgd(0.9, false, 0.01);
        Adaptive adaptive = adaptive(
                Map.of(
                        "alpha",
                        "0.8",
                        "teachers",
                        "ensemble",
                        "ensemble",
                        "others",
                        "logits",
                        "true",
                        "features",
                        "false"),
                optimizer);
        Cohort cohort = Cohort.random(12, LABELS, List.of(0, 1), D);
        double[] own = cohort.logits(0);
        double[] teacher = cohort.logits(1);
        double squares = 0;
        for (int i = 0; i < own.length; i++) {
            squares += (own[i] - teacher[i]) * (own[i] - teacher[i]) / own.length;
        }
        double divergence = cohort.objective(0, 0, List.of(target(teacher, 1)), DType.FLOAT64)
                .distillation();
        Map<String, Double> losses = Map.of("ensemble", divergence, "logits", squares);
        NamedTensors state = adaptive.initialState();
        Map<String, double[]> trained = new TreeMap<>(Map.of("ensemble", new double[2], "logits", new double[2]));
        for (int step = 0; step < 3; step++) {
            Teacher.TeacherStep lesson = adaptive.teach(state, cohort.input(step, 0.1));
            SortedMap<String, Double> weights = weights(lesson, 0);
            assertThat(weights).containsOnlyKeys("labels", "ensemble", "logits").containsEntry("labels", 1.0);
            trained.forEach((path, a) -> {
                assertThat(weight(weights, path)).as(path).isCloseTo(0.8 * Math.exp(-a[0]), within(1e-12));
                double loss = Optional.ofNullable(losses.get(path)).orElseThrow();
                a[1] = 0.9 * a[1] + 0.8 * (1 - Math.exp(-a[0]) * loss) + 0.01 * a[0];
                a[0] -= 0.1 * a[1];
            });
            double[] gradient = cohort.objective(0, lesson).logitsGradient().toDoubles();
            double[] expected = cohort.objective(
                            0, 1, List.of(target(teacher, weight(weights, "ensemble"))), DType.FLOAT64)
                    .logitsGradient()
                    .toDoubles();
            for (int i = 0; i < own.length; i++) {
                expected[i] += weight(weights, "logits") * 2 * (own[i] - teacher[i]) / own.length;
            }
            assertThat(gradient).containsExactly(expected, within(1e-14));
            state = lesson.next();
        }
    }

    @Test
    void touchesNothingThatBelongsToAnAbsentSlot() {
        Adaptive adaptive = adaptive(Map.of(), Cohort.sgd(0.9, true, 0.01));
        NamedTensors before = adaptive.teach(
                        adaptive.initialState(),
                        Cohort.random(4, LABELS, List.of(0, 1, 2), D).input(0, 0.1))
                .next();
        Teacher.TeacherStep lesson = adaptive.teach(
                before, Cohort.random(5, LABELS, List.of(0, 2), D).input(0, 0.1));

        assertThat(lesson.addressed()).containsOnlyKeys(0, 2);
        assertThat(weights(lesson, 0)).containsOnlyKeys("labels", "ensemble", "features", "slot2");
        assertThat(lesson.next().get("paths.1.a")).isEqualTo(before.get("paths.1.a"));
        assertThat(lesson.next().get("paths.3.a.momentum")).isEqualTo(before.get("paths.3.a.momentum"));
        assertThat(lesson.next().get("paths.0.a").at(5))
                .isEqualTo(before.get("paths.0.a").at(5));
        assertThat(lesson.next().get("paths.0.a").at(6))
                .isNotEqualTo(before.get("paths.0.a").at(6));
    }

    @Test
    void givesAPeerThatComesLateTheLabelsAndTheMeanOfAll() {
        Adaptive adaptive = adaptive(Map.of("ensemble", "others"), Cohort.sgd(0, false, 0));
        Cohort cohort = Cohort.random(6, LABELS, List.of(0, 1), D);
        Teacher.TeacherStep lesson = adaptive.teach(adaptive.initialState(), cohort.input(0, 0.1));
        NamedTensors own = Cohort.random(7, LABELS, List.of(2), D).published().get(0);
        Objective.Result late = cohort.nonContributor(own, lesson);

        assertThat(late.termLosses()).extracting(Objective.TermLoss::name).containsExactly("ensemble");
        assertThat(((Term.SoftTarget) lesson.terms().get(0)).values().toDoubles())
                .containsExactly(PredictionMatrices.mean(List.of(cohort.logits(0), cohort.logits(1))));
        assertThat(lesson.labelWeight()).isEqualTo(1);
        assertThat(late.featuresGradient()).isEmpty();
        assertThat(cohort.objective(0, lesson).termLosses())
                .extracting(Objective.TermLoss::name)
                .containsExactly("peers");
    }

    @Test
    void trainsProjectionsOfDifferentFeaturesByTheirWeights() {
        Ints widths = Ints.of(2, 3);
        Adaptive adaptive = (Adaptive) Adaptive.METHOD.create(
                new Experiment.Method("adaptive", Map.of("weights", "fixed", "fixed_features", "0.5")),
                new TeacherSetting(2, widths, C, 11, Cohort.sgd(0, false, 0), DType.FLOAT64));
        Cohort cohort = new Cohort(
                LABELS,
                List.of(0, 1),
                List.of(
                        Cohort.random(8, LABELS, List.of(0), 2).published().get(0),
                        Cohort.random(9, LABELS, List.of(0), 3).published().get(0)));
        NamedTensors state = adaptive.initialState();
        double[] gradient = Optional.ofNullable(new MutualFeatures(widths)
                        .step(
                                state,
                                PredictionMatrices.features(
                                        PredictionMatrices.bySlot(
                                                cohort.input(0, 0.1).predictions()),
                                        LABELS.rows(),
                                        widths),
                                LABELS.rows())
                        .projections
                        .get(1))
                .orElseThrow();
        NamedTensors next = adaptive.teach(state, cohort.input(0, 0.1)).next();

        assertThat(next.get("projection.1").at(2))
                .isCloseTo(state.get("projection.1").at(2) - 0.1 * 0.5 * gradient[2], within(1e-15));
    }

    @Test
    void leavesTheTargetOutWhenNoTeacherHasAnyWeight() {
        Adaptive adaptive = adaptive(
                Map.of("weights", "fixed", "fixed_ensemble", "0", "fixed_peers", "0"), Cohort.sgd(0, false, 0));
        Cohort cohort = Cohort.random(10, LABELS, List.of(0, 1), D);
        Teacher.TeacherStep lesson = adaptive.teach(adaptive.initialState(), cohort.input(0, 0.1));

        assertThat(cohort.objective(0, lesson).termLosses()).isEmpty();
        assertThat(weights(lesson, 0)).containsEntry("ensemble", 0.0);
    }

    @Test
    void refusesARuleItDoesNotKnow() {
        assertThatThrownBy(() -> adaptive(Map.of("weights", "luck"), Cohort.sgd(0, false, 0)))
                .hasMessage(
                        "method.weights: luck: must be one of published, equal, fixed, uncertainty, softmax, dwa, gradnorm, mgda");
    }

    private static SortedMap<String, Double> weights(Teacher.TeacherStep lesson, int slot) {
        return lesson.addressed().getOrDefault(slot, List.of()).stream()
                .filter(Term.Figures.class::isInstance)
                .map(term -> ((Term.Figures) term).values())
                .findFirst()
                .orElseThrow();
    }

    private static double weight(SortedMap<String, Double> weights, String path) {
        return Optional.ofNullable(weights.get(path)).orElseThrow();
    }

    private static Adaptive adaptive(Map<String, String> parameters, Experiment.Optimizer optimizer) {
        return (Adaptive) Adaptive.METHOD.create(
                new Experiment.Method("adaptive", parameters),
                new TeacherSetting(4, Ints.of(D, D, D, D), C, 11, optimizer, DType.FLOAT64));
    }
}
