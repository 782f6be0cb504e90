package dev.cohort.coordinator.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.FiniteDifferences;
import dev.cohort.distill.maps.FeatureEnsemble;
import dev.cohort.distill.maps.FeatureMap;
import dev.cohort.distill.maps.Paraphraser;
import dev.cohort.distill.maps.Translator;
import dev.cohort.experiment.Experiment;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Factor transfer and FEED. */
class FactorTeachingTest {
    private static final Experiment.Optimizer PLAIN = Cohort.sgd(0, false, 0);
    private static final double RATE = 0.1;
    private static final double WEIGHT = 3;
    private static final String PARAPHRASER = "paraphraser.";

    private static Teacher teacher(String method, Map<String, String> more) {
        Map<String, String> parameters = new TreeMap<>(Map.of("weight", "3"));
        parameters.putAll(more);
        return MapCohort.teacher(method, parameters, PLAIN);
    }

    private static double loss(Teacher teacher, NamedTensors state, Cohort cohort, int slot, String figures) {
        return MapCohort.total(MapCohort.figures(teacher.teach(state, cohort.input(0, RATE)), slot, figures));
    }

    /**
     * At the student's map that of its own loss, codes constant; at a paraphraser that of the reconstruction alone; at a translator
     * that of all students' losses.
     */
    @ParameterizedTest
    @ValueSource(strings = {"factor_transfer", "feed"})
    void givesEachItsOwnGradient(String method) {
        // Slots 0 and 3 have equal maps, slot 1 has other channels, slot 2 another height and width.
        for (List<Integer> slots : List.of(List.of(0, 3), List.of(0, 1, 2))) {
            Teacher teacher = teacher(method, Map.of());
            Cohort cohort = MapCohort.random(1, slots);
            NamedTensors state = teacher.initialState();
            Teacher.TeacherStep lesson = teacher.teach(state, cohort.input(0, RATE));
            for (int i = 0; i < slots.size(); i++) {
                int student = i;
                SortedMap<String, double[]> gradients = MapCohort.gradients(lesson, slots.get(i));
                assertThat(gradients).containsOnlyKeys(MapCohort.LAST);
                FiniteDifferences.assertGradient(
                        "map of " + slots.get(i),
                        PredictionMatrices.scaled(MapCohort.of(gradients, MapCohort.LAST), 1 / WEIGHT),
                        cohort.published().get(i).get(MapCohort.LAST).toDoubles(),
                        moved -> loss(
                                teacher,
                                state,
                                MapCohort.with(cohort, student, MapCohort.LAST, moved),
                                slots.get(student),
                                "maps"));
            }
            assertDescends(teacher, state, lesson, cohort);
        }
    }

    private static void assertDescends(Teacher teacher, NamedTensors state, Teacher.TeacherStep lesson, Cohort cohort) {
        for (Map.Entry<String, Tensor> of : state.asMap().entrySet()) {
            if (of.getKey().endsWith(TrainedParameter.MOMENTUM)) {
                continue;
            }
            boolean ofTeacher = of.getKey().startsWith(PARAPHRASER);
            double[] before = of.getValue().toDoubles();
            double[] gradient = before.clone();
            for (int p = 0; p < before.length; p++) {
                gradient[p] = (before[p] - lesson.next().get(of.getKey()).at(p)) / RATE / (ofTeacher ? 1 : WEIGHT);
            }
            int[] shape = of.getValue().shape().toArray();
            FiniteDifferences.assertGradient(of.getKey(), gradient, before, moved -> {
                NamedTensors other = state.with(of.getKey(), Tensor.of(DType.FLOAT64, moved, shape));
                return cohort.slots().stream()
                        .mapToDouble(slot -> loss(teacher, other, cohort, slot, ofTeacher ? "taught" : "maps"))
                        .sum();
            });
        }
    }

    @Test
    void feedIsTheSumThatTheGoldenTestedClassGives() {
        Teacher feed = teacher("feed", Map.of());
        Cohort cohort = MapCohort.random(2, List.of(0, 1, 3));
        NamedTensors state = feed.initialState();
        Teacher.TeacherStep lesson = feed.teach(state, cohort.input(0, RATE));
        List<Translator> translators = new ArrayList<>();
        List<FeatureMap> codes = new ArrayList<>();
        for (int slot : List.of(0, 3)) {
            translators.add(new Translator(under(state, "adapter.last.1.to." + slot + ".")));
            codes.add(new Paraphraser(under(state, "paraphraser.last." + slot + "."))
                    .code(MapCohort.map(cohort, cohort.slots().indexOf(slot), MapCohort.LAST)));
        }

        FeatureEnsemble.Result expected =
                new FeatureEnsemble(translators).of(MapCohort.map(cohort, 1, MapCohort.LAST), codes, WEIGHT);

        assertThat(MapCohort.total(MapCohort.figures(lesson, 1, "maps")) * WEIGHT)
                .isCloseTo(expected.loss(), within(1e-14));
        assertThat(MapCohort.of(MapCohort.gradients(lesson, 1), MapCohort.LAST))
                .containsExactly(expected.student().toDoubles(), within(1e-15));
        double[] weight = state.get("adapter.last.1.to.3.conv2_weight").toDoubles();
        double[] gradient = expected.translators().get(1).get("conv2_weight").toDoubles();
        assertThat(lesson.next().get("adapter.last.1.to.3.conv2_weight").toDoubles())
                .containsExactly(
                        PredictionMatrices.combined(List.of(weight, gradient), new double[] {1, -RATE}), within(1e-15));
        assertThat(FeatureEnsemble.BETA).isEqualTo(500);
    }

    /** The parameters of a state behind a prefix, by their own names. */
    private static NamedTensors under(NamedTensors state, String prefix) {
        Map<String, Tensor> own = new TreeMap<>();
        state.asMap().forEach((name, tensor) -> {
            if (name.startsWith(prefix)) {
                own.put(name.substring(prefix.length()), tensor);
            }
        });
        return NamedTensors.of(own);
    }

    @Test
    void isFactorTransferWithTheWeightTimesTheNumberOfTeachers() {
        Cohort cohort = MapCohort.random(3, List.of(0, 1, 3));
        Teacher feed = teacher("feed", Map.of());
        Teacher.TeacherStep sum = feed.teach(feed.initialState(), cohort.input(0, RATE));
        Teacher single = teacher("factor_transfer", Map.of("weight", "6"));
        Teacher.TeacherStep mean = single.teach(single.initialState(), cohort.input(0, RATE));

        assertThat(MapCohort.of(MapCohort.gradients(sum, 3), MapCohort.LAST))
                .containsExactly(MapCohort.of(MapCohort.gradients(mean, 3), MapCohort.LAST), within(1e-15));
        assertThat(feed.initialState()).isEqualTo(single.initialState());
        Cohort two = MapCohort.random(4, List.of(0, 3));
        Teacher other = teacher("factor_transfer", Map.of());
        assertThat(feed.teach(feed.initialState(), two.input(0, RATE)))
                .isEqualTo(other.teach(other.initialState(), two.input(0, RATE)));
    }

    @Test
    void teachesCodesOfHalfAsManyChannelsUnlessToldOtherwise() {
        NamedTensors state = teacher("factor_transfer", Map.of()).initialState();
        NamedTensors whole =
                teacher("factor_transfer", Map.of("paraphrase_rate", "1")).initialState();
        NamedTensors little =
                teacher("factor_transfer", Map.of("paraphrase_rate", "0.01")).initialState();

        // From three channels to a code of two, which is half of four.
        assertThat(state.get("adapter.last.0.to.2.conv2_weight").shape().toArray())
                .containsExactly(2, 3, 3, 3);
        assertThat(state.get("paraphraser.last.2.encoder2_weight").shape().toArray())
                .containsExactly(2, 4, 3, 3);
        assertThat(state.get("paraphraser.last.2.decoder2_weight").shape().toArray())
                .containsExactly(2, 4, 3, 3);
        assertThat(whole.get("paraphraser.last.2.encoder3_bias").size()).isEqualTo(4);
        assertThat(little.get("paraphraser.last.2.encoder3_bias").size()).isEqualTo(1);
    }

    /** The reconstruction of a fixed map gets better, and students do not change it. */
    @Test
    void trainsParaphrasersOnTheMapsOfTheirOwnSlot() {
        Teacher teacher = teacher("factor_transfer", Map.of());
        Cohort cohort = MapCohort.random(5, List.of(0, 3));
        NamedTensors state = teacher.initialState();
        double first = loss(teacher, state, cohort, 0, "taught");
        for (int step = 0; step < 200; step++) {
            state = teacher.teach(state, cohort.input(0, RATE)).next();
        }
        double last = loss(teacher, state, cohort, 0, "taught");
        Teacher unweighted = teacher("factor_transfer", Map.of("weight", "0"));
        NamedTensors alone = unweighted.initialState();
        for (int step = 0; step < 200; step++) {
            alone = unweighted.teach(alone, cohort.input(0, RATE)).next();
        }

        assertThat(last).isLessThan(0.95 * first);
        assertThat(alone.get("paraphraser.last.0.encoder1_weight"))
                .isEqualTo(state.get("paraphraser.last.0.encoder1_weight"));
        assertThat(alone.get("adapter.last.0.to.3.conv1_weight"))
                .isEqualTo(teacher.initialState().get("adapter.last.0.to.3.conv1_weight"));
    }

    @Test
    void letsTheFirstTeachAlone() {
        Teacher teacher = teacher("factor_transfer", Map.of("teachers", "first"));
        Cohort cohort = MapCohort.random(6, List.of(0, 1, 2));
        Teacher.TeacherStep lesson = teacher.teach(teacher.initialState(), cohort.input(0, RATE));
        Teacher.TeacherStep withoutIt = teacher.teach(
                teacher.initialState(), MapCohort.random(6, List.of(1, 2)).input(0, RATE));

        assertThat(MapCohort.gradients(lesson, 0)).isEmpty();
        assertThat(MapCohort.figures(lesson, 0, "taught")).containsOnlyKeys("last");
        assertThat(MapCohort.gradients(lesson, 1)).containsOnlyKeys(MapCohort.LAST);
        assertThat(MapCohort.figures(lesson, 1, "taught")).isEmpty();
        assertThat(teacher.initialState().asMap().keySet())
                .allMatch(name -> name.contains(".to.0.") || name.startsWith("paraphraser.last.0."));
        assertThat(withoutIt.addressed()).isEmpty();
        assertThat(withoutIt.next()).isEqualTo(teacher.initialState());
    }

    @ParameterizedTest
    @ValueSource(strings = {"factor_transfer", "feed"})
    void touchesAndRenewsNothingThatBelongsToAnotherSlot(String method) {
        Teacher teacher = MapCohort.teacher(method, Map.of("weight", "1"), Cohort.sgd(0.9, true, 0.01));
        NamedTensors before = teacher.teach(
                        teacher.initialState(),
                        MapCohort.random(8, List.of(0, 1, 2, 3)).input(0, RATE))
                .next();
        Teacher.TeacherStep lesson =
                teacher.teach(before, MapCohort.random(9, List.of(0, 2, 3)).input(0, RATE));
        NamedTensors renewed = teacher.renewed(before, 1);

        assertThat(lesson.addressed()).containsOnlyKeys(0, 2, 3);
        before.asMap().forEach((name, tensor) -> {
            boolean ofOne = name.contains(".1.");
            assertThat(lesson.next().get(name).equals(tensor)).as(name).isEqualTo(ofOne);
            assertThat(renewed.get(name))
                    .as(name)
                    .isEqualTo(ofOne ? teacher.initialState().get(name) : tensor);
        });
    }

    @Test
    void drawsWhatBelongsToASlotFromTheSeedAndTheSlotAlone() {
        NamedTensors state =
                teacher("factor_transfer", Map.of("maps", "stage1,last")).initialState();
        NamedTensors last = teacher("factor_transfer", Map.of()).initialState();
        double[] weight = state.get("paraphraser.last.0.decoder2_weight").toDoubles();

        last.asMap()
                .forEach((name, tensor) -> assertThat(state.get(name)).as(name).isEqualTo(tensor));
        assertThat(state.get("paraphraser.last.0.encoder1_weight"))
                .isNotEqualTo(state.get("paraphraser.last.3.encoder1_weight"));
        // From one channel to three, so n is 3 times 9.
        assertThat(Arrays.stream(weight).map(Math::abs).max().orElse(1)).isBetween(0.1, 1 / Math.sqrt(27));
    }

    @ParameterizedTest
    @CsvSource({
        "paraphrase_rate, 0, 'a number above 0, at most 1'",
        "paraphrase_rate, 1.5, 'a number above 0, at most 1'",
        "weight, -1, a number from 0 to 1000000",
        "teachers, second, 'one of others, first'"
    })
    void refusesSettingsOutOfRange(String parameter, String value, String range) {
        assertThatThrownBy(() -> teacher("feed", Map.of(parameter, value)))
                .hasMessageStartingWith("method." + parameter + ": " + value + ": must be " + range);
    }
}
