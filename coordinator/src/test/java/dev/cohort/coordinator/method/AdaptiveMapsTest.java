package dev.cohort.coordinator.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.FiniteDifferences;
import dev.cohort.distill.maps.Adapter;
import dev.cohort.distill.maps.AdaptiveDistillation;
import dev.cohort.distill.maps.AdaptivePath;
import dev.cohort.distill.maps.AdaptiveWeights;
import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.TensorName;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@link Adaptive} with paths on feature maps. */
class AdaptiveMapsTest {
    private static final double RATE = 0.1;
    private static final Experiment.Optimizer PLAIN = Cohort.sgd(0, false, 0);
    private static final Map<String, String> MAPS =
            Map.of("map_paths", "nst,attention_transfer,feature_map", "maps", "stage1,last");
    private static final List<String> STAGES = List.of(MapCohort.STAGE, MapCohort.LAST);

    private static Teacher adaptive(Experiment.Optimizer optimizer, Map<String, String> more) {
        Map<String, String> parameters = new TreeMap<>(MAPS);
        parameters.putAll(more);
        return MapCohort.teacher("adaptive", parameters, optimizer);
    }

    /** With one teacher, the other peer, it is what the public code of the paper computes, adapters and weights included. */
    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void isThePublishedLossOfOneTeacher(int other) {
        Experiment.Optimizer optimizer = Cohort.sgd(0.9, false, 0.01);
        Teacher teacher = adaptive(
                optimizer,
                Map.of(
                        "alpha", "0.8",
                        "temperature", "4",
                        "teachers", "ensemble",
                        "ensemble", "others",
                        "logits", "true",
                        "features", "false"));
        Cohort cohort = MapCohort.random(1, List.of(0, other));
        NamedTensors state = teacher.initialState();
        for (int step = 0; step < 3; step++) {
            Teacher.TeacherStep lesson = teacher.teach(state, cohort.input(step, RATE));
            AdaptiveWeights weights = weights(state);
            AdaptiveDistillation.Result expected = published(cohort, state, other, weights);
            AdaptiveWeights next = weights.step(expected.weights(), RATE, 0.9, 0.01);

            assertThat(cohort.objective(0, lesson).logitsGradient().toDoubles())
                    .containsExactly(expected.logits().toDoubles(), within(1e-15));
            for (int stage = 0; stage < STAGES.size(); stage++) {
                assertThat(MapCohort.of(MapCohort.gradients(lesson, 0), STAGES.get(stage)))
                        .containsExactly(expected.maps().get(stage).toDoubles(), within(1e-15));
                assertMoved(
                        state,
                        lesson.next(),
                        STAGES.get(stage),
                        other,
                        expected.adapters().get(stage));
            }
            assertThat(MapCohort.figures(lesson, 0, "losses").getOrDefault("feature_map", 0.0))
                    .isCloseTo(expected.pathLosses().get(4), within(1e-15));
            assertThat(numbers(weights(lesson.next()).a())).containsExactly(numbers(next.a()), within(1e-15));
            assertThat(numbers(weights(lesson.next()).velocity()))
                    .containsExactly(numbers(next.velocity()), within(1e-15));
            state = lesson.next();
        }
    }

    /** Paths of slot 0: to the ensemble, on logits, and the three on maps after those to four peers. */
    private static AdaptiveWeights weights(NamedTensors state) {
        return new AdaptiveWeights(picked(state, "paths.0.a"), picked(state, "paths.0.a.momentum"));
    }

    private static List<Double> picked(NamedTensors state, String name) {
        return IntStream.of(1, 3, 8, 9, 10).mapToObj(state.get(name)::at).toList();
    }

    private static double[] numbers(List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).toArray();
    }

    private static AdaptiveDistillation.Result published(
            Cohort cohort, NamedTensors state, int other, AdaptiveWeights weights) {
        List<AdaptivePath> paths = List.of("soft_target", "logits", "nst", "attention_transfer", "feature_map").stream()
                .map(AdaptivePath::of)
                .toList();
        return new AdaptiveDistillation(0.8, 4, paths)
                .of(
                        MapCohort.LABELS,
                        new AdaptiveDistillation.Student(
                                cohort.published().get(0).get(TensorName.LOGITS),
                                STAGES.stream()
                                        .map(map -> MapCohort.map(cohort, 0, map))
                                        .toList(),
                                STAGES.stream()
                                        .map(map -> adapter(state, map, other))
                                        .toList()),
                        new AdaptiveDistillation.Teacher(
                                cohort.published().get(1).get(TensorName.LOGITS),
                                STAGES.stream()
                                        .map(map -> MapCohort.map(cohort, 1, map))
                                        .toList(),
                                Optional.empty()),
                        weights);
    }

    private static Adapter adapter(NamedTensors state, String map, int other) {
        TrainedAdapter.Form form = other == 3 ? TrainedAdapter.Form.NONE : TrainedAdapter.Form.MAP;
        return new TrainedAdapter(name(map, other), form, 1, 1).in(state);
    }

    private static String name(String map, int other) {
        return "adapter." + PublishedMaps.word(map) + ".0.to." + other;
    }

    /** By the expected gradients, with momentum 0.9 and weight decay 0.01. */
    private static void assertMoved(
            NamedTensors before, NamedTensors after, String map, int other, NamedTensors gradients) {
        assertThat(gradients.asMap().isEmpty()).isEqualTo(other == 3);
        gradients.asMap().forEach((parameter, gradient) -> {
            String name = name(map, other) + "." + parameter;
            double[] values = before.get(name).toDoubles();
            double[] velocity = before.get(name + TrainedParameter.MOMENTUM).toDoubles();
            for (int i = 0; i < values.length; i++) {
                velocity[i] = 0.9 * velocity[i] + gradient.at(i) + 0.01 * values[i];
                values[i] -= RATE * velocity[i];
            }
            assertThat(after.get(name).toDoubles()).as(name).containsExactly(values, within(1e-15));
        });
    }

    /** Of three peers of different widths: the sum of all losses, from the figures, with respect to each map and adapter. */
    @Test
    void hasTheGradientOfTheMeanOverAllOtherPeers() {
        Teacher teacher = adaptive(PLAIN, Map.of("weights", "fixed", "fixed_maps", "0.3"));
        Cohort cohort = MapCohort.random(2, List.of(0, 1, 2));
        NamedTensors state = teacher.initialState();
        Teacher.TeacherStep lesson = teacher.teach(state, cohort.input(0, RATE));
        for (int i = 0; i < 3; i++) {
            int student = i;
            for (String map : STAGES) {
                FiniteDifferences.assertGradient(
                        map + " of " + i,
                        MapCohort.of(MapCohort.gradients(lesson, i), map),
                        cohort.published().get(i).get(map).toDoubles(),
                        moved -> 0.3 * loss(teacher, state, MapCohort.with(cohort, student, map, moved), student));
            }
        }
        for (String name : List.of("adapter.last.0.to.1.weight", "adapter.stage1.1.to.2.beta")) {
            double[] before = state.get(name).toDoubles();
            double[] after = lesson.next().get(name).toDoubles();
            double[] gradient = PredictionMatrices.combined(List.of(before, after), new double[] {10, -10});
            int[] shape = state.get(name).shape().toArray();
            FiniteDifferences.assertGradient(name, gradient, before, moved -> {
                NamedTensors other = state.with(name, Tensor.of(DType.FLOAT64, moved, shape));
                return IntStream.range(0, 3)
                        .mapToDouble(slot -> 0.3 * loss(teacher, other, cohort, slot))
                        .sum();
            });
        }
    }

    private static double loss(Teacher teacher, NamedTensors state, Cohort cohort, int slot) {
        return MapCohort.total(MapCohort.figures(teacher.teach(state, cohort.input(0, RATE)), slot, "losses"));
    }

    @Test
    void splitsAPathByMaps() {
        Cohort cohort = MapCohort.random(3, List.of(0, 1, 2));
        Teacher whole = adaptive(PLAIN, Map.of("map_paths", "nst"));
        Teacher split = adaptive(PLAIN, Map.of("map_paths", "nst:1,nst:0"));
        SortedMap<String, Double> losses =
                MapCohort.figures(split.teach(split.initialState(), cohort.input(0, RATE)), 1, "losses");

        assertThat(losses).containsOnlyKeys("nst:0", "nst:1");
        assertThat(MapCohort.total(losses)).isCloseTo(loss(whole, whole.initialState(), cohort, 1), within(1e-15));
    }

    @Test
    void weighsAllPathsAlikeAtFirst() {
        Teacher teacher = adaptive(PLAIN, Map.of("alpha", "0.8"));
        Teacher.TeacherStep lesson = teacher.teach(
                teacher.initialState(), MapCohort.random(4, List.of(0, 1)).input(0, RATE));

        assertThat(MapCohort.figures(lesson, 0, "weights"))
                .isEqualTo(Map.of(
                        "labels", 1.0,
                        "ensemble", 0.8,
                        "features", 0.8,
                        "slot1", 0.8,
                        "nst", 0.8,
                        "attention_transfer", 0.8,
                        "feature_map", 0.8));
    }

    @ParameterizedTest
    @ValueSource(strings = {"published", "equal", "fixed", "uncertainty", "softmax", "dwa", "gradnorm", "mgda"})
    void touchesNothingThatBelongsToAnAbsentSlot(String rule) {
        Teacher teacher = adaptive(Cohort.sgd(0.9, true, 0.01), Map.of("weights", rule));
        NamedTensors before = teacher.teach(
                        teacher.initialState(),
                        MapCohort.random(5, List.of(0, 1, 2, 3)).input(0, RATE))
                .next();
        Teacher.TeacherStep lesson =
                teacher.teach(before, MapCohort.random(6, List.of(0, 2, 3)).input(0, RATE));

        assertThat(lesson.addressed()).containsOnlyKeys(0, 2, 3);
        before.asMap().forEach((name, tensor) -> {
            if (name.contains(".1.to.") || name.contains(".to.1.") || name.startsWith("paths.1.")) {
                assertThat(lesson.next().get(name)).as(name).isEqualTo(tensor);
            }
        });
    }

    /** Gradients at the same map have an inner product, those at different tensors none. */
    @Test
    void seesThePathsOnOneMapTogether() {
        LearningPath one = LearningPath.on("map/last", 8, 1, new double[] {1, 2});
        LearningPath two = LearningPath.on("map/last", 9, 2, new double[] {3, -1});
        LearningPath logits = LearningPath.on("logits", 3, 3, new double[] {5, 5});
        PathWeights.Observed seen = LearningPath.observed(List.of(logits, one, two), 4);

        assertThat(seen.gram).containsExactly(50, 0, 0, 0, 5, 1, 0, 1, 10);
        assertThat(seen.paths).containsExactly(3, 8, 9);
        assertThat(seen.losses).containsExactly(3, 1, 2);
        assertThat(seen.epoch).isEqualTo(4);
    }

    @Test
    void hasNoAdaptersForAttentionAloneAndReadsNoMapsWithoutPaths() {
        Teacher attention = adaptive(PLAIN, Map.of("map_paths", "attention_transfer", "features", "false"));
        Teacher none = adaptive(PLAIN, Map.of("map_paths", "none"));

        assertThat(attention.reads()).containsExactlyElementsOf(STAGES);
        assertThat(attention.initialState().asMap().keySet()).allMatch(name -> name.startsWith("paths."));
        assertThat(none.reads()).containsExactly(TensorName.FEATURES);
        assertThat(none.initialState().get("paths.0.a").size()).isEqualTo(8);
    }

    @Test
    void resetsTheAdaptersOfARenewedSlotAndThoseToItsMaps() {
        Teacher teacher = adaptive(PLAIN, Map.of());
        NamedTensors initial = teacher.initialState();
        NamedTensors trained = teacher.teach(
                        initial, MapCohort.random(7, List.of(0, 1, 2, 3)).input(0, RATE))
                .next();
        NamedTensors renewed = teacher.renewed(trained, 1);
        List<String> adapters = renewed.asMap().keySet().stream()
                .filter(name -> name.endsWith(Adapter.WEIGHT))
                .toList();

        assertThat(adapters).hasSizeGreaterThan(10);
        for (String name : adapters) {
            boolean reset = name.contains(".1.to.") || name.contains(".to.1.");
            assertThat(renewed.get(name)).as(name).isEqualTo(reset ? initial.get(name) : trained.get(name));
            assertThat(Arrays.equals(
                            trained.get(name).toDoubles(), initial.get(name).toDoubles()))
                    .isFalse();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "map_paths, softmax_regression, 'method.map_paths: softmax_regression: must be none, or paths'",
        "map_paths, 'nst,nst', 'method.map_paths: nst,nst: must be none, or paths'",
        "map_paths, logits:0, 'method.map_paths: logits:0: must be none, or paths'",
        "map_paths, nst:2, 'path nst:2: its map must be below 2, the number of maps (stage1,last)'",
        "maps, ' ', 'method.maps:  : must be names of feature maps'",
        "fixed_maps, -1, 'method.fixed_maps: -1: must be a number from 0'"
    })
    void refusesSettingsOutOfRange(String parameter, String value, String message) {
        assertThatThrownBy(() -> adaptive(PLAIN, Map.of(parameter, value))).hasMessageStartingWith(message);
    }
}
