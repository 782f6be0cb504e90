package dev.cohort.coordinator.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.Objective;
import dev.cohort.distill.Softmax;
import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** {@link StochasticTeaching} and {@link OnlineEnsembleCompression}, apart from golden values. */
class ChainAndWidthsTest {
    private static final int C = 4;
    private static final Map<String, String> WITHOUT_HINTS = Map.of("hints", "false");
    private static final SoftLabels MIXED =
            new SoftLabels(C, List.of(Ints.of(0, 1, 2, 3, 0), Ints.of(3, 1, 0, 2, 2)), List.of(0.6, 0.4));

    @Test
    void teachesEveryPeerByAllThatComeAfterIt() {
        Cohort cohort = Cohort.random(1, MIXED, List.of(0, 1, 3), 1);
        Teacher.TeacherStep lesson = lesson("stochastic_teaching", Map.of("keep", "1", "temperature", "2"), cohort);

        assertThat(lesson.terms()).isEmpty();
        assertThat(lesson.addressed()).containsOnlyKeys(0, 1);
        assertThat(target(lesson, 0).name()).isEqualTo("slots 1 3");
        assertThat(target(lesson, 0).weight()).isEqualTo(2);
        assertThat(target(lesson, 1).name()).isEqualTo("slots 3");
        assertThat(target(lesson, 1).values().toDoubles())
                .containsExactly(Softmax.probabilities(cohort.logits(2), C, 2));
        assertThat(cohort.objective(2, lesson).distillation()).isZero();
    }

    @Test
    void addsItsTeachersUpInsteadOfAveragingThem() {
        Cohort cohort = Cohort.random(2, MIXED, List.of(0, 1, 2), 1);
        Map<String, String> all = Map.of("keep", "1", "weight", "0.3");
        double[] gradient = gradient(cohort, all);
        double[] labels = cohort.objective(0, 1, List.of(), DType.FLOAT64)
                .logitsGradient()
                .toDoubles();
        double[] first = gradient(Cohort.of(MIXED, cohort.published().subList(0, 2)), all);
        double[] second = gradient(
                Cohort.of(
                        MIXED,
                        List.of(cohort.published().get(0), cohort.published().get(2))),
                all);
        double[] sum = new double[gradient.length];
        for (int i = 0; i < sum.length; i++) {
            sum[i] = first[i] + second[i] - labels[i];
        }

        assertThat(gradient).containsExactly(sum, within(1e-15));
    }

    @Test
    void drawsItsTeachersFromSeedAndStepAlone() {
        StochasticTeaching teacher = stochastic("0.3", 7);
        StochasticTeaching again = stochastic("0.3", 7);
        StochasticTeaching other = stochastic("0.3", 8);
        int kept = 0;
        int different = 0;
        int together = 0;
        int steps = 20_000;
        for (int step = 1; step <= steps; step++) {
            assertThat(again.kept(step, 1)).isEqualTo(teacher.kept(step, 1));
            kept += teacher.kept(step, 1) ? 1 : 0;
            different += teacher.kept(step, 1) != other.kept(step, 1) ? 1 : 0;
            together += teacher.kept(step, 1) && teacher.kept(step, 2) ? 1 : 0;
        }

        assertThat(kept / (double) steps).isCloseTo(0.3, within(0.02));
        assertThat(together / (double) steps).isCloseTo(0.09, within(0.02));
        assertThat(different / (double) steps).isCloseTo(0.42, within(0.02));
    }

    @Test
    void leavesAPeerToTheLabelsWhenNobodySpeaks() {
        Cohort cohort = Cohort.random(3, MIXED, List.of(0, 1), 1);
        Teacher.TeacherStep lesson = lesson("stochastic_teaching", Map.of("keep", "0"), cohort);

        assertThat(lesson.addressed()).isEmpty();
        assertThat(cohort.objective(0, lesson).logitsGradient())
                .isEqualTo(cohort.objective(0, 1, List.of(), DType.FLOAT64).logitsGradient());
    }

    @Test
    void teachesAllWidthsTheSameWhateverTheirOrder() {
        Cohort cohort = Cohort.random(4, MIXED, List.of(0, 2, 3), 1);
        List<NamedTensors> turned = List.of(
                cohort.published().get(2),
                cohort.published().get(0),
                cohort.published().get(1));
        Term.SoftTarget mean = shared(lesson("online_ensemble_compression", WITHOUT_HINTS, cohort));
        Term.SoftTarget same =
                shared(lesson("online_ensemble_compression", WITHOUT_HINTS, new Cohort(MIXED, cohort.slots(), turned)));

        assertThat(mean.values().toDoubles()).containsExactly(same.values().toDoubles(), within(1e-15));
        assertThat(mean.weight()).isEqualTo(0.15);
        assertThat(mean.temperature()).isEqualTo(2);
        assertThat(lesson("online_ensemble_compression", WITHOUT_HINTS, cohort).labelWeight())
                .isEqualTo(0.7);
    }

    @Test
    void pullsASinglePeerNowhere() {
        Cohort alone = Cohort.random(5, MIXED, List.of(2), 1);
        Objective.Result result = alone.objective(0, lesson("online_ensemble_compression", WITHOUT_HINTS, alone));

        assertThat(result.distillation()).isZero();
    }

    private static double[] gradient(Cohort cohort, Map<String, String> parameters) {
        return cohort.objective(0, lesson("stochastic_teaching", parameters, cohort))
                .logitsGradient()
                .toDoubles();
    }

    private static Term.SoftTarget target(Teacher.TeacherStep lesson, int slot) {
        return (Term.SoftTarget)
                lesson.addressed().getOrDefault(slot, List.of()).get(0);
    }

    private static Term.SoftTarget shared(Teacher.TeacherStep lesson) {
        return (Term.SoftTarget) lesson.terms().get(0);
    }

    private static StochasticTeaching stochastic(String keep, long seed) {
        return (StochasticTeaching) StochasticTeaching.METHOD.create(
                new Experiment.Method("stochastic_teaching", Map.of("keep", keep)), setting(seed));
    }

    private static Teacher.TeacherStep lesson(String method, Map<String, String> parameters, Cohort cohort) {
        return MethodCatalog.get(method)
                .create(new Experiment.Method(method, parameters), setting(1))
                .teach(NamedTensors.none(), cohort.input(0, 0.1));
    }

    private static TeacherSetting setting(long seed) {
        return new TeacherSetting(4, Ints.of(1, 1, 1, 1), C, seed, Cohort.sgd(0, false, 0), DType.FLOAT64);
    }
}
