package dev.cohort.coordinator.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.Objective;
import dev.cohort.distill.Softmax;
import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KdclTest {
    private static final int C = 4;
    private static final Ints FIRST = Ints.of(0, 1, 2, 3, 0);
    private static final Ints SECOND = Ints.of(3, 1, 0, 2, 2);
    private static final SoftLabels PURE = new SoftLabels(C, List.of(FIRST), List.of(1.0));
    private static final SoftLabels MIXED = new SoftLabels(C, List.of(FIRST, SECOND), List.of(0.7, 0.3));
    private static final SoftLabels CLASS_ZERO = new SoftLabels(3, List.of(Ints.of(0)), List.of(1.0));

    @Test
    void takesTheLargestMarginOverEveryWrongClass() {
        Cohort cohort = Cohort.of(
                CLASS_ZERO,
                List.of(
                        Cohort.tensors(DType.FLOAT64, CLASS_ZERO, new double[] {2, 0, 0}, new double[] {0}),
                        Cohort.tensors(DType.FLOAT64, CLASS_ZERO, new double[] {0, 1, 0}, new double[] {0})));
        double[] target = target(lesson("kdcl_minlogit", cohort)).values().toDoubles();

        assertThat(target).containsExactly(0, -2, -2);
        assertThat(Softmax.probabilities(target, 3, 1))
                .containsExactly(new double[] {0.78698604, 0.10650698, 0.10650698}, within(1e-8));
    }

    @Test
    void sharesMixedLabelsOutLinearlyByTheMinimumLogit() {
        Cohort mixed = Cohort.random(1, MIXED, List.of(0, 1, 2), 1);
        double[] first = gradient(new Cohort(PURE, mixed.slots(), mixed.published()), 1);
        double[] second = gradient(
                new Cohort(new SoftLabels(C, List.of(SECOND), List.of(1.0)), mixed.slots(), mixed.published()), 1);
        double[] sum = new double[first.length];
        for (int i = 0; i < sum.length; i++) {
            sum[i] = 0.7 * first[i] + 0.3 * second[i];
        }

        assertThat(gradient(mixed, 1)).containsExactly(sum, within(1e-14));
    }

    @Test
    void leavesTheBestPeerToTheLabels() {
        Cohort cohort = Cohort.random(2, MIXED, List.of(0, 2, 3), 1);
        Teacher.TeacherStep lesson = lesson("kdcl_naive", cohort);
        List<double[]> logits = IntStream.range(0, 3).mapToObj(cohort::logits).toList();
        int best = KdclNaive.best(logits, MIXED);

        for (int i = 0; i < 3; i++) {
            assertThat(Objective.crossEntropy(MIXED, logits.get(best)))
                    .isLessThanOrEqualTo(Objective.crossEntropy(MIXED, logits.get(i)));
            assertThat(cohort.objective(i, lesson).distillation() == 0).isEqualTo(i == best);
        }
    }

    @Test
    void takesTheFirstOfEquallyGoodPeers() {
        Cohort one = Cohort.random(3, PURE, List.of(0), 1);

        assertThat(KdclNaive.best(List.of(one.logits(0), one.logits(0)), PURE)).isZero();
    }

    /** Against a fine grid over the simplex of three, and the conditions of an optimum. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void findsTheBestConvexCombination(long seed) {
        Cohort cohort = Cohort.random(seed, MIXED, List.of(0, 1, 2), 1);
        List<double[]> logits = IntStream.range(0, 3).mapToObj(cohort::logits).toList();
        ConvexEnsemble convex = new ConvexEnsemble(logits, MIXED);
        double[] alpha = convex.solve();

        assertThat(Arrays.stream(alpha).sum()).isCloseTo(1, within(1e-14));
        assertThat(Arrays.stream(alpha).min().orElseThrow()).isNotNegative();
        double found = convex.valueAt(alpha);
        for (int a = 0; a <= 40; a++) {
            for (int b = 0; a + b <= 40; b++) {
                double[] other = {a / 40.0, b / 40.0, (40 - a - b) / 40.0};
                assertThat(convex.valueAt(other)).isGreaterThanOrEqualTo(found - 1e-14);
            }
        }
        assertOptimal(logits, alpha);
    }

    /** Eight peers, some far better than others, so that weights are held and freed again. */
    @ParameterizedTest
    @ValueSource(longs = {11, 12, 13, 14, 15, 16})
    void meetsTheConditionsOfAnOptimumWithManyPeers(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        double[] y = MIXED.dense();
        List<double[]> logits = IntStream.range(0, 8)
                .mapToObj(k -> {
                    double[] own = new double[y.length];
                    for (int i = 0; i < own.length; i++) {
                        own[i] = (2 + k) * (2 * random.nextDouble() - 1) + k % 3 * y[i];
                    }
                    return own;
                })
                .toList();

        double[] alpha = new ConvexEnsemble(logits, MIXED).solve();

        assertThat(alpha).contains(0);
        assertOptimal(logits, alpha);
    }

    @Test
    void keepsEqualPeersWhereTheyAre() {
        Cohort one = Cohort.random(4, MIXED, List.of(0), 1);
        List<double[]> equal = List.of(one.logits(0), one.logits(0), one.logits(0));

        double[] alpha = new ConvexEnsemble(equal, MIXED).solve();

        assertThat(Arrays.stream(alpha).sum()).isCloseTo(1, within(1e-14));
        assertThat(PredictionMatrices.combined(equal, alpha)).containsExactly(one.logits(0), within(1e-13));
    }

    /** Weights above 0 have the lowest derivative there is. */
    private static void assertOptimal(List<double[]> logits, double[] alpha) {
        double[] y = MIXED.dense();
        double[] p = Softmax.probabilities(PredictionMatrices.combined(logits, alpha), C, 1);
        double[] derivative = new double[alpha.length];
        for (int k = 0; k < alpha.length; k++) {
            for (int i = 0; i < p.length; i++) {
                derivative[k] += logits.get(k)[i] * (p[i] - y[i]) / MIXED.rows();
            }
        }
        double lowest = Arrays.stream(derivative).min().orElseThrow();
        for (int k = 0; k < alpha.length; k++) {
            assertThat(alpha[k] == 0 || derivative[k] < lowest + 1e-11)
                    .as("weight %s with derivative %s, lowest %s", alpha[k], derivative[k], lowest)
                    .isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"kdcl_naive", "kdcl_linear", "kdcl_minlogit"})
    void teachesFromThoseThatAreThere(String method) {
        Cohort there = Cohort.random(5, MIXED, List.of(0, 3), 1);
        Teacher.TeacherStep lesson = lesson(method, there);
        NamedTensors late = Cohort.random(6, MIXED, List.of(1), 1).published().get(0);
        Objective.Result result = Objective.of(
                MIXED,
                lesson.labelWeight(),
                lesson.terms(),
                NamedTensors.of(TensorName.LOGITS, late.get(TensorName.LOGITS)),
                late,
                Optional.empty(),
                DType.FLOAT64);

        assertThat(target(lesson).values().isFinite()).isTrue();
        assertThat(result.distillation()).isPositive();
        assertThat(lesson.next()).isEqualTo(NamedTensors.none());
    }

    private static double[] gradient(Cohort cohort, int i) {
        return cohort.objective(i, lesson("kdcl_minlogit", cohort))
                .logitsGradient()
                .toDoubles();
    }

    private static Term.SoftTarget target(Teacher.TeacherStep lesson) {
        return (Term.SoftTarget) lesson.terms().get(0);
    }

    private static Teacher.TeacherStep lesson(String method, Cohort cohort) {
        return MethodCatalog.get(method)
                .create(
                        new Experiment.Method(method, Map.of()),
                        new TeacherSetting(
                                4,
                                Ints.of(1, 1, 1, 1),
                                cohort.labels().classes(),
                                1,
                                Cohort.sgd(0, false, 0),
                                DType.FLOAT64))
                .teach(NamedTensors.none(), cohort.input(0, 0.1));
    }
}
