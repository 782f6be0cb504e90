package dev.cohort.coordinator.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
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
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UntrainedTeachersTest {
    private static final int C = 4;
    private static final SoftLabels MIXED =
            new SoftLabels(C, List.of(Ints.of(0, 1, 2, 3, 0), Ints.of(3, 1, 0, 2, 2)), List.of(0.6, 0.4));

    @Test
    void saysNothingWhenPeersAreIndependent() {
        Teacher independent = teacher("independent", Map.of(), DType.FLOAT64);
        Cohort cohort = Cohort.random(1, MIXED, List.of(0, 1), 1);
        Teacher.TeacherStep lesson = independent.teach(NamedTensors.none(), cohort.input(0, 0.1));

        assertThat(independent.distils()).isFalse();
        assertThat(lesson.labelWeight()).isEqualTo(1);
        assertThat(lesson.terms()).isEmpty();
        assertThat(independent.evaluate(NamedTensors.none(), new TreeMap<>())).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"dml", "majority", "mean_logit", "pairs"})
    void distilsWithoutKeepingAState(String method) {
        Teacher teacher = teacher(method, Map.of(), DType.FLOAT64);
        Cohort cohort = Cohort.random(2, MIXED, List.of(0, 1), 1);

        assertThat(teacher.distils()).isTrue();
        assertThat(teacher.contributorsMin()).isEqualTo(2);
        assertThat(teacher.initialState()).isEqualTo(NamedTensors.none());
        assertThat(teacher.teach(NamedTensors.none(), cohort.input(0, 0.1)).next())
                .isEqualTo(NamedTensors.none());
    }

    @Test
    void pullsTwoPeersOfMutualLearningEquallyInOppositeDirections() {
        Cohort cohort = Cohort.random(3, MIXED, List.of(0, 1), 1);
        Teacher.TeacherStep lesson =
                teacher("dml", Map.of(), DType.FLOAT64).teach(NamedTensors.none(), cohort.input(0, 0.1));

        double[] first = distillationGradient(cohort, 0, lesson);
        double[] second = distillationGradient(cohort, 1, lesson);

        assertThat(Arrays.stream(first).map(Math::abs).max().orElseThrow()).isGreaterThan(0.01);
        assertThat(first).containsExactly(Arrays.stream(second).map(g -> -g).toArray(), within(1e-15));
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 5})
    void hasThePairwiseGradientOfMutualLearning(int peers) {
        List<Integer> slots = List.of(0, 1, 2, 3, 4).subList(0, peers);
        Cohort cohort = Cohort.random(4, MIXED, slots, 1);
        Teacher.TeacherStep lesson = teacher("dml", Map.of("temperature", "2", "weight", "0.7"), DType.FLOAT64)
                .teach(NamedTensors.none(), cohort.input(0, 0.1));

        for (int i = 0; i < peers; i++) {
            double[] pairwise = new double[MIXED.rows() * C];
            for (int j = 0; j < peers; j++) {
                Term pair = new Term.SoftTarget(
                        "pair",
                        cohort.published().get(j).get(TensorName.LOGITS),
                        Term.Space.LOGITS,
                        Term.Vote.INCLUDED,
                        j == i ? 0 : 0.7 / (peers - 1),
                        2);
                double[] gradient = cohort.objective(i, 0, List.of(pair), DType.FLOAT64)
                        .logitsGradient()
                        .toDoubles();
                for (int k = 0; k < pairwise.length; k++) {
                    pairwise[k] += gradient[k];
                }
            }
            assertThat(distillationGradient(cohort, i, lesson)).containsExactly(pairwise, within(1e-14));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"dml", "mean_logit"})
    void teachesNothingToPeersThatAgree(String method) {
        NamedTensors own = Cohort.random(5, MIXED, List.of(0), 1).published().get(0);
        Cohort alike = Cohort.of(MIXED, List.of(own, own, own));
        Teacher.TeacherStep lesson =
                teacher(method, Map.of(), DType.FLOAT64).teach(NamedTensors.none(), alike.input(0, 0.1));

        assertThat(alike.objective(1, lesson).distillation()).isCloseTo(0, within(1e-14));
        assertThat(distillationGradient(alike, 1, lesson)).containsOnly(new double[] {0}, within(1e-14));
    }

    @Test
    void teachesTheMeanOfTheOthersWhenThePeersOwnLogitsAreLeftOut() {
        Cohort cohort = Cohort.random(6, MIXED, List.of(0, 1, 2), 1);
        Teacher.TeacherStep lesson = teacher("mean_logit", Map.of("self", "false"), DType.FLOAT64)
                .teach(NamedTensors.none(), cohort.input(0, 0.1));
        double[] others = new double[MIXED.rows() * C];
        for (int k = 0; k < others.length; k++) {
            others[k] = (cohort.logits(0)[k] + cohort.logits(2)[k]) / 2;
        }
        Term exact = new Term.SoftTarget(
                "others",
                Tensor.of(DType.FLOAT64, others, MIXED.rows(), C),
                Term.Space.LOGITS,
                Term.Vote.INCLUDED,
                1,
                3);

        Objective.Result result = cohort.objective(1, lesson);
        Objective.Result expected = cohort.objective(1, 1, List.of(exact), DType.FLOAT64);

        assertThat(result.distillation()).isCloseTo(expected.distillation(), within(1e-14));
        assertThat(result.logitsGradient().toDoubles())
                .containsExactly(expected.logitsGradient().toDoubles(), within(1e-14));
    }

    @ParameterizedTest
    @ValueSource(strings = {"dml", "mean_logit"})
    void rampsItsWeightUpByTheEpoch(String method) {
        Cohort cohort = Cohort.random(7, MIXED, List.of(0, 1), 1);
        Teacher teacher = teacher(method, Map.of("weight", "2", "ramp_up_epochs", "80"), DType.FLOAT64);

        assertThat(weight(teacher, cohort, 0)).isCloseTo(2 * 0.006737947, within(1e-8));
        assertThat(weight(teacher, cohort, 40)).isCloseTo(2 * 0.286504797, within(1e-8));
        assertThat(weight(teacher, cohort, 80)).isEqualTo(2);
    }

    @Test
    void roundsATargetOnceToTheWireType() {
        Cohort cohort = Cohort.random(8, MIXED, List.of(0, 1, 2), 1);
        Tensor exact = values(teacher("dml", Map.of(), DType.FLOAT64), cohort);

        assertThat(values(teacher("dml", Map.of(), DType.FLOAT16), cohort)).isEqualTo(exact.as(DType.FLOAT16));
    }

    @Test
    void evaluatesTheMeanOfTheLogitsOfAll() {
        Cohort cohort = Cohort.random(9, MIXED, List.of(0, 1), 1);
        TreeMap<Integer, NamedTensors> predictions = new TreeMap<>();
        predictions.put(0, cohort.published().get(0));
        predictions.put(4, cohort.published().get(1));

        Tensor mean = teacher("mean_logit", Map.of("self", "false"), DType.FLOAT64)
                .evaluate(NamedTensors.none(), predictions)
                .orElseThrow();

        assertThat(mean.at(3)).isEqualTo((cohort.logits(0)[3] + cohort.logits(1)[3]) / 2);
    }

    @Test
    void refusesLogitsOfAnotherShape() {
        SoftLabels fewer = new SoftLabels(C, List.of(Ints.of(0, 1)), List.of(1.0));
        Cohort odd = new Cohort(
                MIXED,
                List.of(0, 3),
                List.of(
                        Cohort.random(10, MIXED, List.of(0), 1).published().get(0),
                        Cohort.random(10, fewer, List.of(0), 1).published().get(0)));

        assertThatThrownBy(() -> teacher("dml", Map.of(), DType.FLOAT64).teach(NamedTensors.none(), odd.input(0, 0.1)))
                .hasMessage("logits of slot 3 of shape [2, 4]: must be [5, 4]");
    }

    private static double[] distillationGradient(Cohort cohort, int i, Teacher.TeacherStep lesson) {
        return cohort.objective(i, 0, lesson.terms(), DType.FLOAT64)
                .logitsGradient()
                .toDoubles();
    }

    private static double weight(Teacher teacher, Cohort cohort, int epoch) {
        Teacher.TeacherStep lesson = teacher.teach(NamedTensors.none(), cohort.input(epoch, 0.1));
        return ((Term.SoftTarget) lesson.terms().get(0)).weight();
    }

    private static Tensor values(Teacher teacher, Cohort cohort) {
        Teacher.TeacherStep lesson = teacher.teach(NamedTensors.none(), cohort.input(0, 0.1));
        return ((Term.SoftTarget) lesson.terms().get(0)).values();
    }

    private static Teacher teacher(String method, Map<String, String> parameters, DType wire) {
        int[] widths = new int[5];
        Arrays.fill(widths, 1);
        return MethodCatalog.get(method)
                .create(
                        new Experiment.Method(method, parameters),
                        new TeacherSetting(5, Ints.of(widths), C, 1, Cohort.sgd(0, false, 0), wire));
    }
}
