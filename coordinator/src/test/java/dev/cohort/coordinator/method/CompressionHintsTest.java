package dev.cohort.coordinator.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.FiniteDifferences;
import dev.cohort.distill.maps.HintLoss;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The hints of {@link OnlineEnsembleCompression}: slot 2 has the most channels, 6 in two maps. */
class CompressionHintsTest {
    private static final Map<String, String> BOTH = Map.of("maps", "stage1,last");
    private static final double RATE = 0.1;

    private static Teacher teacher(Map<String, String> parameters) {
        return MapCohort.teacher("online_ensemble_compression", parameters, Cohort.sgd(0, false, 0));
    }

    private static double loss(Teacher teacher, NamedTensors state, Cohort cohort, int slot) {
        return MapCohort.total(MapCohort.figures(teacher.teach(state, cohort.input(1, RATE)), slot, "hints"));
    }

    @Test
    void isTheHintLossOfEveryNarrowerStudent() {
        Teacher teacher = teacher(BOTH);
        Cohort cohort = MapCohort.random(1, List.of(0, 1, 2));
        NamedTensors state = teacher.initialState();
        Teacher.TeacherStep lesson = teacher.teach(state, cohort.input(1, RATE));

        assertThat(lesson.addressed()).containsOnlyKeys(0, 1);
        assertThat(state.asMap().keySet()).allMatch(name -> name.contains(".to.2."));
        for (int i = 0; i < 2; i++) {
            int student = i;
            HintLoss expected = HintLoss.of(
                    List.of(MapCohort.map(cohort, i, MapCohort.STAGE), MapCohort.map(cohort, i, MapCohort.LAST)),
                    List.of("stage1", "last").stream()
                            .map(map -> new TrainedAdapter(
                                            "adapter." + map + "." + student + ".to.2", TrainedAdapter.Form.HINT, 1, 1)
                                    .in(state))
                            .toList(),
                    List.of(MapCohort.map(cohort, 2, MapCohort.STAGE), MapCohort.map(cohort, 2, MapCohort.LAST)));
            assertThat(MapCohort.figures(lesson, i, "hints"))
                    .isEqualTo(Map.of(
                            "stage1",
                            expected.losses().get(0),
                            "last",
                            expected.losses().get(1)));
            assertThat(MapCohort.of(MapCohort.gradients(lesson, i), MapCohort.LAST))
                    .containsExactly(
                            PredictionMatrices.scaled(expected.maps().get(1).toDoubles(), 0.15), within(1e-16));
            String bias = "adapter.stage1." + i + ".to.2.bias";
            double[] gradient = expected.adapters().get(0).get("bias").toDoubles();
            assertThat(lesson.next().get(bias).toDoubles())
                    .as("half the learning rate")
                    .containsExactly(
                            PredictionMatrices.combined(
                                    List.of(state.get(bias).toDoubles(), gradient), new double[] {1, -0.15 * RATE / 2}),
                            within(1e-16));
        }
    }

    @Test
    void addressesTheGradientOfTheSumOfAllLosses() {
        for (List<Integer> slots : List.of(List.of(1, 2), List.of(0, 1, 2))) {
            Teacher teacher = teacher(BOTH);
            Cohort cohort = MapCohort.random(2, slots);
            NamedTensors state = teacher.initialState();
            Teacher.TeacherStep lesson = teacher.teach(state, cohort.input(1, RATE));
            for (int i = 0; i < slots.size() - 1; i++) {
                int student = i;
                MapCohort.gradients(lesson, slots.get(i))
                        .forEach((map, gradient) -> FiniteDifferences.assertGradient(
                                map + " of " + slots.get(student),
                                gradient,
                                cohort.published().get(student).get(map).toDoubles(),
                                moved -> 0.15
                                        * loss(
                                                teacher,
                                                state,
                                                MapCohort.with(cohort, student, map, moved),
                                                slots.get(student))));
            }
        }
    }

    @Test
    void leavesTheConvolutionsUntrainedForTheFirstEpoch() {
        Teacher teacher = MapCohort.teacher("online_ensemble_compression", BOTH, Cohort.sgd(0.9, true, 0.1));
        Cohort cohort = MapCohort.random(3, List.of(0, 1, 2));
        NamedTensors state = teacher.initialState();

        assertThat(teacher.teach(state, cohort.input(0, RATE)).next()).isEqualTo(state);
        assertThat(teacher.teach(state, cohort.input(0, RATE)).addressed()).containsOnlyKeys(0, 1);
        assertThat(teacher.teach(state, cohort.input(1, RATE)).next()).isNotEqualTo(state);
    }

    @Test
    void isTheLogitPartAloneWithoutHints() {
        Teacher with = teacher(BOTH);
        Teacher without = teacher(Map.of("hints", "false"));
        Cohort cohort = MapCohort.random(4, List.of(0, 1, 2));
        Teacher.TeacherStep lesson = without.teach(without.initialState(), cohort.input(5, RATE));

        assertThat(without.reads()).isEmpty();
        assertThat(lesson.addressed()).isEmpty();
        assertThat(lesson.next()).isEqualTo(NamedTensors.none());
        Teacher.TeacherStep hinted = with.teach(with.initialState(), cohort.input(5, RATE));
        assertThat(with.reads()).containsExactly("map/stage1", "map/last");
        assertThat(targets(hinted)).isEqualTo(targets(lesson));
        assertThat(hinted.labelWeight()).isEqualTo(lesson.labelWeight());
    }

    private static List<Tensor> targets(Teacher.TeacherStep lesson) {
        return lesson.terms().stream()
                .map(term -> ((Term.SoftTarget) term).values())
                .toList();
    }

    @Test
    void givesNoHintsWhileTheWidestIsAbsent() {
        Teacher teacher = teacher(BOTH);
        NamedTensors state = teacher.initialState();
        Teacher.TeacherStep lesson =
                teacher.teach(state, MapCohort.random(5, List.of(0, 1, 3)).input(1, RATE));

        assertThat(lesson.addressed()).isEmpty();
        assertThat(lesson.next()).isEqualTo(state);
        assertThat(lesson.terms()).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource({"last, .to.2.", "stage1, .to.1.", "'stage1,last', .to.2."})
    void takesTheOneWithTheMostChannelsForTheWidest(String maps, String widest) {
        assertThat(teacher(Map.of("maps", maps)).initialState().asMap().keySet())
                .allMatch(name -> name.contains(widest));
    }

    @Test
    void trainsNoConvolutionOfAnAbsentSlot() {
        Teacher teacher = MapCohort.teacher("online_ensemble_compression", BOTH, Cohort.sgd(0.9, false, 0));
        NamedTensors state = teacher.initialState();
        Teacher.TeacherStep lesson =
                teacher.teach(state, MapCohort.random(6, List.of(1, 2)).input(1, RATE));

        state.asMap().forEach((name, tensor) -> {
            boolean absent = !name.contains(".1.to.");
            assertThat(lesson.next().get(name).equals(tensor)).as(name).isEqualTo(absent);
        });
    }

    @Test
    void isEvaluatedWithoutMaps() {
        Cohort cohort = Cohort.random(7, MapCohort.LABELS, List.of(0, 1), 2);
        SortedMap<Integer, NamedTensors> predictions = new TreeMap<>(
                Map.of(0, cohort.published().get(0), 1, cohort.published().get(1)));

        assertThat(teacher(BOTH)
                        .evaluate(NamedTensors.none(), predictions)
                        .orElseThrow()
                        .toDoubles())
                .containsExactly(PredictionMatrices.mean(List.of(cohort.logits(0), cohort.logits(1))));
    }

    @ParameterizedTest
    @CsvSource({
        "hints, perhaps, true or false",
        "hint_weight, -0.1, a number from 0 to 1000000",
        "maps, 'stage1,,last', names of feature maps"
    })
    void refusesSettingsOutOfRange(String parameter, String value, String range) {
        assertThatThrownBy(() -> teacher(Map.of(parameter, value)))
                .hasMessageStartingWith("method." + parameter + ": " + value + ": must be " + range);
    }
}
