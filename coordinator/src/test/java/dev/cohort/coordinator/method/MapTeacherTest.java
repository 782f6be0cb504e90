package dev.cohort.coordinator.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.coordinator.teacher.Shares;
import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.FiniteDifferences;
import dev.cohort.distill.maps.AttentionTransfer;
import dev.cohort.distill.maps.HintAdapter;
import dev.cohort.distill.maps.HintLoss;
import dev.cohort.distill.maps.NeuronSelectivity;
import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@link FitNet}, {@link MutualAttention} and {@link MutualSelectivity}. */
class MapTeacherTest {
    private static final Experiment.Optimizer PLAIN = Cohort.sgd(0, false, 0);
    private static final double RATE = 0.1;

    static Stream<Map<String, String>> kinds() {
        return Stream.of(
                Map.of("method", "fitnet"),
                Map.of("method", "attention_transfer"),
                Map.of("method", "nst"),
                Map.of("method", "nst", "kernel", "mmd"));
    }

    private static Teacher teacher(Map<String, String> kind, Experiment.Optimizer optimizer) {
        Map<String, String> parameters = new TreeMap<>(Map.of("maps", "stage1,last", "weight", "0.7"));
        parameters.putAll(kind);
        String method = parameters.getOrDefault("method", "fitnet");
        parameters.remove("method");
        return MapCohort.teacher(method, parameters, optimizer);
    }

    private static Teacher teacher(String method, Map<String, String> parameters) {
        return MapCohort.teacher(method, parameters, PLAIN);
    }

    /** The loss of one student without its weight, from the figures of a lesson. */
    private static double loss(Teacher teacher, NamedTensors state, Cohort cohort, int slot) {
        return MapCohort.total(MapCohort.figures(teacher.teach(state, cohort.input(0, RATE)), slot, "maps"));
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void addressesTheGradientOfEachStudentsLossAtItsOwnMapsAndDescendsThatOfTheAdapters(Map<String, String> kind) {
        for (List<Integer> slots : List.of(List.of(0, 1), List.of(0, 1, 2), List.of(0, 3))) {
            Teacher teacher = teacher(kind, PLAIN);
            Cohort cohort = MapCohort.random(1, slots);
            NamedTensors state = teacher.initialState();
            Teacher.TeacherStep lesson = teacher.teach(state, cohort.input(0, RATE));
            for (int i = 0; i < slots.size(); i++) {
                int student = i;
                SortedMap<String, double[]> gradients = MapCohort.gradients(lesson, slots.get(i));
                assertThat(gradients).containsOnlyKeys("map/last", "map/stage1");
                gradients.forEach((map, gradient) -> FiniteDifferences.assertGradient(
                        kind + " of " + slots.get(student) + " at " + map,
                        PredictionMatrices.scaled(gradient, 1 / 0.7),
                        cohort.published().get(student).get(map).toDoubles(),
                        moved ->
                                loss(teacher, state, MapCohort.with(cohort, student, map, moved), slots.get(student))));
            }
            assertDescends(teacher, state, lesson, cohort);
        }
    }

    /** Each parameter moves down the gradient of the sum of all losses. */
    private static void assertDescends(Teacher teacher, NamedTensors state, Teacher.TeacherStep lesson, Cohort cohort) {
        for (Map.Entry<String, Tensor> of : state.asMap().entrySet()) {
            if (of.getKey().endsWith(TrainedParameter.MOMENTUM)) {
                continue;
            }
            double[] before = of.getValue().toDoubles();
            double[] after = lesson.next().get(of.getKey()).toDoubles();
            double[] gradient = new double[before.length];
            for (int p = 0; p < before.length; p++) {
                gradient[p] = (before[p] - after[p]) / RATE / 0.7;
            }
            int[] shape = of.getValue().shape().toArray();
            FiniteDifferences.assertGradient(of.getKey(), gradient, before, moved -> {
                NamedTensors other = state.with(of.getKey(), Tensor.of(DType.FLOAT64, moved, shape));
                return cohort.slots().stream()
                        .mapToDouble(slot -> loss(teacher, other, cohort, slot))
                        .sum();
            });
        }
    }

    @Test
    void isTheMeanOfTheHintsThatTheGoldenTestedClassGives() {
        Teacher fitnet = teacher("fitnet", Map.of("maps", "stage1,last", "weight", "2"));
        Cohort cohort = MapCohort.random(2, List.of(0, 1, 3));
        NamedTensors state = fitnet.initialState();
        Teacher.TeacherStep lesson = fitnet.teach(state, cohort.input(0, RATE));
        HintLoss one = hint(state, cohort, 0);
        HintLoss other = hint(state, cohort, 2);

        assertThat(MapCohort.figures(lesson, 1, "maps").getOrDefault("last", 0.0))
                .isCloseTo((one.losses().get(1) + other.losses().get(1)) / 2, within(1e-15));
        assertThat(MapCohort.of(MapCohort.gradients(lesson, 1), MapCohort.STAGE))
                .containsExactly(
                        PredictionMatrices.combined(
                                List.of(
                                        one.maps().get(0).toDoubles(),
                                        other.maps().get(0).toDoubles()),
                                new double[] {1, 1}),
                        within(1e-15));
        double[] bias = state.get("adapter.last.1.to.3.bias").toDoubles();
        double[] gradient = other.adapters().get(1).get(HintAdapter.BIAS).toDoubles();
        assertThat(lesson.next().get("adapter.last.1.to.3.bias").toDoubles())
                .containsExactly(
                        PredictionMatrices.combined(List.of(bias, gradient), new double[] {1, -RATE}), within(1e-15));
    }

    /** Of the student in slot 1, by contributor number {@code teacher}. */
    private static HintLoss hint(NamedTensors state, Cohort cohort, int teacher) {
        List<String> maps = List.of(MapCohort.STAGE, MapCohort.LAST);
        return HintLoss.of(
                maps.stream().map(map -> MapCohort.map(cohort, 1, map)).toList(),
                maps.stream()
                        .map(map -> new TrainedAdapter(
                                        "adapter." + PublishedMaps.word(map) + ".1.to."
                                                + cohort.slots().get(teacher),
                                        TrainedAdapter.Form.HINT,
                                        1,
                                        1)
                                .in(state))
                        .toList(),
                maps.stream().map(map -> MapCohort.map(cohort, teacher, map)).toList());
    }

    @Test
    void isAttentionOrSelectivityAsTheGoldenTestedClassesHaveThem() {
        Cohort cohort = MapCohort.random(3, List.of(0, 3));
        double attention = AttentionTransfer.loss(
                        MapCohort.map(cohort, 0, MapCohort.LAST), MapCohort.map(cohort, 1, MapCohort.LAST))
                .loss();
        double gram = NeuronSelectivity.gramLoss(
                        MapCohort.map(cohort, 0, MapCohort.LAST), MapCohort.map(cohort, 1, MapCohort.LAST))
                .loss();
        double mmd = NeuronSelectivity.mmdLoss(
                        MapCohort.map(cohort, 0, MapCohort.LAST), MapCohort.map(cohort, 1, MapCohort.LAST))
                .loss();

        assertThat(List.of(
                        lossOfFirst("attention_transfer", Map.of(), cohort),
                        lossOfFirst("nst", Map.of(), cohort),
                        lossOfFirst("nst", Map.of("kernel", "mmd"), cohort)))
                .containsExactly(attention, gram, mmd);
        assertThat(teacher("attention_transfer", Map.of()).initialState()).isEqualTo(NamedTensors.none());
        assertThat(teacher("nst", Map.of("kernel", "mmd")).initialState()).isEqualTo(NamedTensors.none());
        assertThat(teacher("nst", Map.of()).initialState().asMap())
                .containsKey("adapter.last.0.to.1.gamma")
                .doesNotContainKeys("adapter.last.0.to.3.gamma", "adapter.last.3.to.0.gamma");
        assertThat(teacher("fitnet", Map.of()).initialState().asMap()).containsKey("adapter.last.0.to.3.bias");
    }

    private static double lossOfFirst(String method, Map<String, String> parameters, Cohort cohort) {
        Teacher teacher = teacher(method, parameters);
        return loss(teacher, teacher.initialState(), cohort, 0);
    }

    @ParameterizedTest
    @CsvSource({"attention_transfer, gram", "nst, gram", "nst, mmd"})
    void doesNotDependOnTheScaleOfMaps(String method, String kernel) {
        Map<String, String> parameters = method.equals("nst") ? Map.of("kernel", kernel) : Map.of();
        Cohort cohort = MapCohort.random(4, List.of(0, 3));
        double[] scaled = PredictionMatrices.scaled(
                cohort.published().get(0).get(MapCohort.LAST).toDoubles(), 5);
        Cohort other = MapCohort.with(cohort, 0, MapCohort.LAST, scaled);

        assertThat(lossOfFirst(method, parameters, other))
                .isPositive()
                .isCloseTo(lossOfFirst(method, parameters, cohort), within(1e-6));
    }

    @ParameterizedTest
    @CsvSource({"attention_transfer, gram", "nst, gram", "nst, mmd"})
    void teachesNothingByEqualMaps(String method, String kernel) {
        Map<String, String> parameters = method.equals("nst") ? Map.of("kernel", kernel) : Map.of();
        Cohort cohort = MapCohort.random(5, List.of(0, 3));
        double[] same = cohort.published().get(1).get(MapCohort.LAST).toDoubles();
        Teacher teacher = teacher(method, parameters);
        Teacher.TeacherStep lesson = teacher.teach(
                NamedTensors.none(),
                MapCohort.with(cohort, 0, MapCohort.LAST, same).input(0, RATE));

        assertThat(MapCohort.total(MapCohort.figures(lesson, 0, "maps"))).isCloseTo(0, within(1e-15));
        assertThat(DoubleStream.of(MapCohort.of(MapCohort.gradients(lesson, 0), MapCohort.LAST)))
                .allSatisfy(number -> assertThat(number).isCloseTo(0, within(1e-12)));
    }

    @Test
    void letsTheFirstTeachAloneAndLearnFromTheLabelsAlone() {
        Teacher fitnet = teacher("fitnet", Map.of("teachers", "first"));
        Cohort cohort = MapCohort.random(6, List.of(0, 1, 2));
        Teacher.TeacherStep lesson = fitnet.teach(fitnet.initialState(), cohort.input(0, RATE));
        Teacher.TeacherStep withoutIt = fitnet.teach(
                fitnet.initialState(), MapCohort.random(6, List.of(1, 2)).input(0, RATE));
        Shares shares = fitnet.shares(fitnet.initialState(), cohort.input(0, RATE), lesson);

        assertThat(lesson.addressed()).containsOnlyKeys(1, 2);
        assertThat(lesson.labelWeight()).isEqualTo(1);
        assertThat(lesson.terms()).isEmpty();
        assertThat(shares.byStudent()).containsOnlyKeys(1, 2).containsEntry(1, new TreeMap<>(Map.of(0, 1.0)));
        assertThat(fitnet.initialState().asMap().keySet()).allMatch(name -> name.contains(".to.0."));
        assertThat(withoutIt.addressed()).isEmpty();
        assertThat(withoutIt.next()).isEqualTo(fitnet.initialState());
    }

    @Test
    void countsAllTeachersAlike() {
        Teacher attention = teacher("attention_transfer", Map.of());
        Teacher.StepInput input = MapCohort.random(7, List.of(0, 1, 3)).input(0, RATE);
        Shares shares = attention.shares(NamedTensors.none(), input, attention.teach(NamedTensors.none(), input));

        assertThat(shares.weighed()).isFalse();
        assertThat(shares.byStudent()).containsEntry(1, new TreeMap<>(Map.of(0, 0.5, 3, 0.5)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"fitnet", "nst"})
    void touchesNothingThatBelongsToAnAbsentSlot(String method) {
        Teacher teacher = MapCohort.teacher(method, Map.of("weight", "1"), Cohort.sgd(0.9, true, 0.01));
        NamedTensors before = teacher.teach(
                        teacher.initialState(),
                        MapCohort.random(8, List.of(0, 1, 2, 3)).input(0, RATE))
                .next();
        Teacher.TeacherStep lesson =
                teacher.teach(before, MapCohort.random(9, List.of(0, 2, 3)).input(0, RATE));

        assertThat(lesson.addressed()).containsOnlyKeys(0, 2, 3);
        before.asMap().forEach((name, tensor) -> {
            boolean absent = name.contains(".1.to.") || name.contains(".to.1.");
            assertThat(lesson.next().get(name).equals(tensor)).as(name).isEqualTo(absent);
        });
    }

    @Test
    void growsItsWeightOverTheRampUp() {
        Teacher attention = teacher("attention_transfer", Map.of("ramp_up_epochs", "80"));
        Cohort cohort = MapCohort.random(10, List.of(0, 3));
        Teacher.TeacherStep first = attention.teach(NamedTensors.none(), cohort.input(0, RATE));
        Teacher.TeacherStep later = attention.teach(NamedTensors.none(), cohort.input(80, RATE));

        assertThat(MapCohort.of(MapCohort.gradients(first, 0), MapCohort.LAST)[0]
                        / MapCohort.of(MapCohort.gradients(later, 0), MapCohort.LAST)[0])
                .isCloseTo(Math.exp(-5), within(1e-12));
        assertThat(MapCohort.figures(first, 0, "maps")).isEqualTo(MapCohort.figures(later, 0, "maps"));
    }

    @Test
    void reachesTheMapsThroughTheStudentsObjective() {
        Teacher attention = teacher("attention_transfer", Map.of());
        Cohort cohort = MapCohort.random(11, List.of(0, 1));
        Teacher.TeacherStep lesson = attention.teach(NamedTensors.none(), cohort.input(0, RATE));

        assertThat(cohort.objective(1, lesson).gradients().get(MapCohort.LAST).toDoubles())
                .containsExactly(MapCohort.of(MapCohort.gradients(lesson, 1), MapCohort.LAST));
        assertThat(cohort.objective(1, lesson).logitsGradient())
                .isEqualTo(cohort.objective(1, 1, List.of(), DType.FLOAT64).logitsGradient());
    }

    /** The gradient of a mean over so many numbers would often be 0 in binary16. */
    @Test
    void sendsGradientsOfMapsInNoLessThanBinary32() {
        Cohort cohort = MapCohort.random(12, List.of(0, 3));
        for (DType wire : DType.values()) {
            Term term = MapCohort.terms(
                            MapCohort.teacher("attention_transfer", Map.of(), PLAIN, wire)
                                    .teach(NamedTensors.none(), cohort.input(0, RATE)),
                            0)
                    .get(0);
            assertThat(((Term.LeafGradient) term).gradient().dtype())
                    .isEqualTo(wire == DType.FLOAT16 ? DType.FLOAT32 : wire);
        }
    }

    @Test
    void isEvaluatedByTheMeanOfTheLogitsWithoutMaps() {
        Cohort cohort = Cohort.random(13, MapCohort.LABELS, List.of(0, 1), 2);
        SortedMap<Integer, NamedTensors> predictions = new TreeMap<>(
                Map.of(0, cohort.published().get(0), 1, cohort.published().get(1)));
        Teacher fitnet = teacher("fitnet", Map.of());

        assertThat(fitnet.evaluate(NamedTensors.none(), predictions)
                        .orElseThrow()
                        .toDoubles())
                .containsExactly(PredictionMatrices.mean(List.of(cohort.logits(0), cohort.logits(1))));
        assertThat(fitnet.evaluate(NamedTensors.none(), new TreeMap<>())).isEmpty();
    }

    @Test
    void refusesAMapOfAnotherShapeOrNone() {
        Teacher attention = teacher("attention_transfer", Map.of("maps", "stage1"));
        Cohort cohort = MapCohort.random(14, List.of(0, 1));
        Cohort wrong = new Cohort(
                MapCohort.LABELS,
                List.of(0, 1),
                List.of(
                        cohort.published().get(0),
                        cohort.published()
                                .get(1)
                                .with(MapCohort.STAGE, cohort.published().get(0).get(MapCohort.STAGE))));

        assertThat(attention.reads()).containsExactly(TensorName.MAP + "stage1");
        assertThatThrownBy(() -> attention.teach(NamedTensors.none(), wrong.input(0, RATE)))
                .hasMessage("map/stage1 of slot 1 of shape [4, 2, 4, 4]: must be [4, 3, 4, 4]");
        assertThatThrownBy(() -> teacher("fitnet", Map.of("maps", "stage9")).initialState())
                .hasMessageContaining("map/stage9 of slot 0: must be one of [map/last, map/stage1]");
    }

    @ParameterizedTest
    @CsvSource({
        "maps, '', names of feature maps",
        "maps, 'last,last', names of feature maps",
        "maps, 'stage1, last', names of feature maps",
        "teachers, second, 'one of others, first'",
        "weight, -1, a number from 0 to 1000000",
        "ramp_up_epochs, -1, a number of at least 0",
        "kernel, cubic, 'one of gram, mmd'"
    })
    void refusesSettingsOutOfRange(String parameter, String value, String range) {
        assertThatThrownBy(() -> teacher("nst", Map.of(parameter, value)))
                .hasMessageStartingWith("method." + parameter + ": " + value + ": must be " + range);
    }
}
