package dev.cohort.coordinator.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.LogitLoss;
import dev.cohort.distill.Objective;
import dev.cohort.distill.maps.FeatureFusion;
import dev.cohort.distill.maps.FeatureMap;
import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.MapShapes;
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

class FflTest {
    private static final int C = 4;
    private static final String MAP = "map/last";
    private static final double WEIGHT = 0.7;
    private static final double TEMPERATURE = 2;
    private static final Map<String, String> PARAMETERS = Map.of("weight", "0.7", "temperature", "2");
    private static final SoftLabels LABELS =
            new SoftLabels(C, List.of(Ints.of(0, 1, 2, 3, 0), Ints.of(3, 1, 0, 2, 2)), List.of(0.6, 0.4));
    private static final List<Ints> TWO = List.of(Ints.of(2, 3, 2), Ints.of(3, 3, 2));
    /** Of different widths and sizes; the smallest height and width is 2. */
    private static final List<Ints> THREE = List.of(Ints.of(2, 4, 3), Ints.of(3, 2, 2), Ints.of(1, 3, 2));

    @Test
    void isOneLossOfTwoNetworksDifferentiatedInOneProcess() {
        assertGradientsOfTheWholeLoss(TWO);
    }

    @Test
    void isOneLossOfThreeNetworksWithMapsOfDifferentWidthsAndSizes() {
        assertGradientsOfTheWholeLoss(THREE);
    }

    /** The constants of the loss, z_f and z_e, are those at the point where it is differentiated. */
    private static void assertGradientsOfTheWholeLoss(List<Ints> shapes) {
        Ffl ffl = ffl(shapes, PARAMETERS, Cohort.sgd(0, false, 0));
        Cohort cohort = cohort(1, shapes);
        NamedTensors state = ffl.initialState();
        Teacher.TeacherStep lesson = ffl.teach(state, cohort.input(0, 0.1));
        Tensor fused = ffl.step(state, cohort.input(0, 0.1)).fused();
        Tensor ensemble = mean(cohort);

        for (int i = 0; i < cohort.size(); i++) {
            Objective.Result own = cohort.objective(i, lesson);
            int peer = i;
            assertThat(own.gradients().asMap()).containsOnlyKeys(TensorName.LOGITS, MAP);
            own.gradients()
                    .asMap()
                    .forEach((name, gradient) -> TensorDifferences.assertGradient(
                            name + " of peer " + peer,
                            gradient,
                            cohort.published().get(peer).get(name),
                            value -> loss(
                                    ffl, state, TensorDifferences.with(cohort, peer, name, value), fused, ensemble)));
        }
        for (String name : trained(state)) {
            Tensor before = state.get(name);
            double[] gradient = before.toDoubles();
            for (int k = 0; k < gradient.length; k++) {
                gradient[k] = (gradient[k] - lesson.next().get(name).at(k)) / 0.1;
            }
            TensorDifferences.assertGradient(
                    name,
                    Tensor.of(DType.FLOAT64, gradient, before.shape().toArray()),
                    before,
                    value -> loss(ffl, state.with(name, value), cohort, fused, ensemble));
        }
    }

    private static double loss(Ffl ffl, NamedTensors state, Cohort cohort, Tensor fused, Tensor ensemble) {
        Tensor logits = ffl.step(state, cohort.input(0, 0.1)).fused();
        double loss = LogitLoss.crossEntropy(LABELS, logits).loss()
                + WEIGHT
                        * LogitLoss.divergenceFromLogits(ensemble, logits, TEMPERATURE)
                                .loss();
        for (NamedTensors published : cohort.published()) {
            Tensor own = published.get(TensorName.LOGITS);
            loss += LogitLoss.crossEntropy(LABELS, own).loss()
                    + WEIGHT
                            * LogitLoss.divergenceFromLogits(fused, own, TEMPERATURE)
                                    .loss();
        }
        return loss;
    }

    /** Every parameter, but not its momentum, nor the statistics. */
    private static List<String> trained(NamedTensors state) {
        return state.asMap().keySet().stream()
                .filter(name -> TrainedParameter.owner(name).equals(name))
                .filter(name -> !name.contains("_mean") && !name.contains("_variance"))
                .toList();
    }

    /** With one slot after the other in the state, the parts of two slots are the rows and columns of the published module. */
    @Test
    void fusesAsThePublishedModule() {
        Ffl ffl = ffl(TWO, PARAMETERS, Cohort.sgd(0, false, 0));
        Cohort cohort = cohort(2, TWO);
        NamedTensors state = ffl.initialState();
        double[] pointwise = new double[3 * 5];
        for (int i = 0; i < pointwise.length; i++) {
            int column = i % 5;
            pointwise[i] = column < 2
                    ? state.get("fusion.pointwise_weight.0").at(i / 5 * 2 + column)
                    : state.get("fusion.pointwise_weight.1").at(i / 5 * 3 + column - 2);
        }
        NamedTensors module = NamedTensors.of("pointwise_weight", Tensor.of(DType.FLOAT64, pointwise, 3, 5))
                .with("depthwise_weight", joined(state, "depthwise_weight", 5, 1, 3, 3))
                .with("bn1_gamma", joined(state, "bn1_gamma", 5))
                .with("bn1_beta", joined(state, "bn1_beta", 5));
        for (String name : List.of("bn2_gamma", "bn2_beta", "fc_weight", "fc_bias")) {
            module = module.with(name, state.get("fusion." + name));
        }

        Tensor expected = new FeatureFusion(module)
                .forward(cohort.published().stream()
                        .map(published -> FeatureMap.of(published.get(MAP)))
                        .toList())
                .logits();

        assertThat(ffl.step(state, cohort.input(0, 0.1)).fused()).isEqualTo(expected);
    }

    private static Tensor joined(NamedTensors state, String name, int... shape) {
        double[] first = state.get("fusion." + name + ".0").toDoubles();
        double[] second = state.get("fusion." + name + ".1").toDoubles();
        double[] all = new double[first.length + second.length];
        System.arraycopy(first, 0, all, 0, first.length);
        System.arraycopy(second, 0, all, first.length, second.length);
        return Tensor.of(DType.FLOAT64, all, shape);
    }

    @Test
    void isTheModuleOfThePresentSlotsWhenOneIsAbsent() {
        Ffl all = ffl(THREE, PARAMETERS, Cohort.sgd(0.9, true, 0.01));
        NamedTensors state =
                all.teach(all.initialState(), cohort(3, THREE).input(0, 0.1)).next();
        List<Ints> rest = List.of(THREE.get(0), THREE.get(2));
        Cohort two = TensorDifferences.withMaps(4, LABELS, List.of(0, 2), MAP, rest);
        Map<String, Tensor> renumbered = new TreeMap<>();
        state.asMap().forEach((name, tensor) -> {
            if (!TrainedParameter.owner(name).endsWith(".1")) {
                renumbered.put(name.replace(".2", ".1"), tensor);
            }
        });

        Teacher.TeacherStep among = all.teach(state, two.input(0, 0.1));
        Teacher.TeacherStep alone = ffl(
                        rest,
                        Map.of("weight", "0.7", "temperature", "2", "fused_width", "3"),
                        Cohort.sgd(0.9, true, 0.01))
                .teach(
                        NamedTensors.of(renumbered),
                        Cohort.of(LABELS, two.published()).input(0, 0.1));

        assertThat(among.terms()).isEqualTo(alone.terms());
        assertThat(among.addressed()).containsOnlyKeys(0, 2);
        assertThat(among.addressed().get(2)).isEqualTo(alone.addressed().get(1));
        among.next().asMap().forEach((name, tensor) -> {
            boolean absent = TrainedParameter.owner(name).endsWith(".1");
            assertThat(tensor)
                    .as(name)
                    .isEqualTo(absent ? state.get(name) : alone.next().get(name.replace(".2", ".1")));
            assertThat(tensor.equals(state.get(name))).as("%s unchanged", name).isEqualTo(absent);
        });
    }

    @Test
    void keepsRunningStatisticsOfBothBatchNorms() {
        Ffl ffl = ffl(TWO, Map.of(), Cohort.sgd(0, false, 0));
        NamedTensors state = ffl.initialState();
        Cohort cohort = cohort(5, TWO);
        // All of the depthwise kernel but its centre is 0, so the first batch norm sees a multiple of the map.
        double[] centre = new double[2 * 9];
        centre[4] = 2;
        centre[9 + 4] = 2;
        state = state.with("fusion.depthwise_weight.0", Tensor.of(DType.FLOAT64, centre, 2, 1, 3, 3));
        double[] seen = new double[LABELS.rows() * 6];
        for (int i = 0; i < seen.length; i++) {
            seen[i] = 2 * cohort.published().get(0).get(MAP).at(i / 6 * 12 + i % 6);
        }
        double mean = Arrays.stream(seen).average().orElseThrow();
        double variance = Arrays.stream(seen).map(x -> (x - mean) * (x - mean)).sum() / (seen.length - 1);

        NamedTensors next = ffl.teach(state, cohort.input(0, 0.1)).next();

        assertThat(next.get("fusion.bn1_mean.0").at(0)).isCloseTo(0.1 * mean, within(1e-15));
        assertThat(next.get("fusion.bn1_variance.0").at(0)).isCloseTo(0.9 + 0.1 * variance, within(1e-15));
        for (String name : List.of("fusion.bn1_mean.1", "fusion.bn2_mean", "fusion.bn2_variance")) {
            assertThat(next.get(name)).as(name).isNotEqualTo(state.get(name));
        }
        SoftLabels single = new SoftLabels(C, List.of(Ints.of(0)), List.of(1.0));
        List<Ints> points = List.of(Ints.of(2, 1, 1), Ints.of(3, 1, 1));
        Ffl small = ffl(points, Map.of(), Cohort.sgd(0, false, 0));
        Cohort one = TensorDifferences.withMaps(6, single, List.of(0, 1), MAP, points);
        assertThat(small.teach(small.initialState(), one.input(0, 0.1)).next().get("fusion.bn1_variance.0"))
                .as("a single number has no variance")
                .isEqualTo(small.initialState().get("fusion.bn1_variance.0"));
    }

    @Test
    void drawsWhatBelongsToASlotFromTheSeedAndTheSlotAlone() {
        Ffl two = ffl(List.of(Ints.of(2, 3, 3), Ints.of(3, 3, 3)), Map.of(), Cohort.sgd(0, false, 0));
        Ffl three =
                ffl(List.of(Ints.of(1, 3, 3), Ints.of(3, 3, 3), Ints.of(1, 1, 1)), Map.of(), Cohort.sgd(0, false, 0));

        assertThat(three.initialState().get("fusion.pointwise_weight.1"))
                .isEqualTo(two.initialState().get("fusion.pointwise_weight.1"));
        assertThat(three.initialState().get("fusion.depthwise_weight.1"))
                .isNotEqualTo(two.initialState().get("fusion.depthwise_weight.0"));
        assertThat(two.initialState().get("fusion.fc_weight").shape()).isEqualTo(Ints.of(C, 3));
    }

    @Test
    void imitatesNothingWithWeightZero() {
        Ffl ffl = ffl(TWO, Map.of("weight", "0"), Cohort.sgd(0, false, 0));
        Cohort cohort = cohort(7, TWO);
        Ffl.Step step = ffl.step(ffl.initialState(), cohort.input(0, 0.1));

        assertThat(step.loss())
                .isEqualTo(LogitLoss.crossEntropy(LABELS, step.fused()).loss());
        assertThat(cohort.objective(0, ffl.teach(ffl.initialState(), cohort.input(0, 0.1)))
                        .logitsGradient())
                .isEqualTo(
                        LogitLoss.crossEntropy(LABELS, cohort.published().get(0).get(TensorName.LOGITS))
                                .gradient());
    }

    @Test
    void trainsItsModule() {
        Ffl ffl = ffl(TWO, Map.of(), Cohort.sgd(0.9, false, 0));
        NamedTensors state = ffl.initialState();
        Cohort cohort = cohort(8, TWO);
        double before = ffl.step(state, cohort.input(0, 0.1)).loss();
        for (int step = 0; step < 40; step++) {
            state = ffl.teach(state, cohort.input(0, 0.05)).next();
        }

        assertThat(ffl.step(state, cohort.input(0, 0.1)).loss()).isLessThan(before - 0.1);
    }

    @Test
    void givesAPeerThatComesLateTheFusedLogitsButNoGradient() {
        Ffl ffl = ffl(THREE, PARAMETERS, Cohort.sgd(0, false, 0));
        Cohort two = TensorDifferences.withMaps(9, LABELS, List.of(0, 1), MAP, THREE.subList(0, 2));
        Teacher.TeacherStep lesson = ffl.teach(ffl.initialState(), two.input(0, 0.1));
        NamedTensors late = cohort(10, THREE).published().get(2);

        Objective.Result result = two.nonContributor(late, lesson);

        assertThat(result.gradients().asMap()).containsOnlyKeys(TensorName.LOGITS);
        assertThat(((Term.SoftTarget) lesson.terms().get(0)).values())
                .isEqualTo(ffl.step(ffl.initialState(), two.input(0, 0.1)).fused());
        assertThat(result.termLosses()).hasSize(1);
    }

    @Test
    void isEvaluatedByTheMeanOfTheLogits() {
        Ffl ffl = ffl(TWO, Map.of(), Cohort.sgd(0, false, 0));
        Cohort cohort = cohort(11, TWO);
        TreeMap<Integer, NamedTensors> predictions = new TreeMap<>();
        for (int slot = 0; slot < 2; slot++) {
            predictions.put(
                    slot,
                    NamedTensors.of(
                            TensorName.LOGITS, cohort.published().get(slot).get(TensorName.LOGITS)));
        }

        assertThat(ffl.evaluate(ffl.initialState(), predictions)).contains(mean(cohort));
        assertThat(ffl.evaluate(ffl.initialState(), new TreeMap<>())).isEmpty();
    }

    @Test
    void refusesMapsThatAreNotAsDeclaredAndParametersOutOfRange() {
        Ffl ffl = ffl(TWO, Map.of(), Cohort.sgd(0, false, 0));
        Cohort cohort = cohort(12, List.of(TWO.get(0), Ints.of(3, 2, 2)));
        NamedTensors state = ffl.initialState();

        assertThatThrownBy(() -> ffl.teach(state, cohort.input(0, 0.1)))
                .hasMessage("map/last of slot 1 of shape [5, 3, 2, 2]: must be [5, 3, 3, 2]");
        assertThatThrownBy(() -> ffl(TWO, Map.of("fused_width", "4097"), Cohort.sgd(0, false, 0)))
                .hasMessage("method.fused_width: 4097: must be a whole number from 0 to 4096");
        assertThatThrownBy(
                        () -> ffl(List.of(), Map.of(), Cohort.sgd(0, false, 0)).initialState())
                .hasMessageContaining("map/last of slot 0");
    }

    private static Tensor mean(Cohort cohort) {
        double[] sum = new double[LABELS.rows() * C];
        for (int i = 0; i < cohort.size(); i++) {
            for (int k = 0; k < sum.length; k++) {
                sum[k] += cohort.logits(i)[k];
            }
        }
        for (int k = 0; k < sum.length; k++) {
            sum[k] /= cohort.size();
        }
        return Tensor.of(DType.FLOAT64, sum, LABELS.rows(), C);
    }

    private static Cohort cohort(long seed, List<Ints> shapes) {
        List<Integer> slots = shapes.size() == 2 ? List.of(0, 1) : List.of(0, 1, 2);
        return TensorDifferences.withMaps(seed, LABELS, slots, MAP, shapes);
    }

    private static Ffl ffl(List<Ints> shapes, Map<String, String> parameters, Experiment.Optimizer optimizer) {
        int slots = Math.max(1, shapes.size());
        int[] widths = new int[slots];
        Arrays.fill(widths, 1);
        return (Ffl) Ffl.METHOD.create(
                new Experiment.Method("ffl", parameters),
                new TeacherSetting(slots, Ints.of(widths), C, 11, optimizer, DType.FLOAT64)
                        .withMaps(new MapShapes(new TreeMap<>(Map.of(MAP, shapes)))));
    }
}
