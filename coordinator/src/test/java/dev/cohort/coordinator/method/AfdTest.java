package dev.cohort.coordinator.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.LogitLoss;
import dev.cohort.distill.Objective;
import dev.cohort.distill.maps.AdversarialPeer;
import dev.cohort.experiment.Experiment;
import dev.cohort.golden.GoldenFile;
import dev.cohort.protocol.MapShapes;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AfdTest {
    private static final int C = 4;
    private static final String MAP = "map/last";
    private static final double RATE = 0.1;
    private static final Map<String, String> PARAMETERS =
            Map.of("weight", "0.7", "temperature", "2", "feature_weight", "0.3", "feature_learning_rate", "0.01");
    private static final SoftLabels LABELS =
            new SoftLabels(C, List.of(Ints.of(0, 1, 2, 3, 0), Ints.of(3, 1, 0, 2, 2)), List.of(0.6, 0.4));
    private static final List<Ints> TWO = List.of(Ints.of(2, 3, 3), Ints.of(3, 3, 3));
    /** Of different widths and sizes; the least are 2, 3 and 3. */
    private static final List<Ints> THREE = List.of(Ints.of(3, 4, 3), Ints.of(2, 3, 5), Ints.of(4, 3, 3));

    @Test
    void isThreeLossesOfEachOfTwoPeersDifferentiated() {
        assertGradients(TWO);
    }

    @Test
    void isThreeLossesOfEachOfThreePeersWithMapsOfDifferentWidthsAndSizes() {
        assertGradients(THREE);
    }

    private static void assertGradients(List<Ints> shapes) {
        Afd afd = afd(shapes, PARAMETERS);
        Cohort cohort = cohort(1, shapes);
        NamedTensors state = afd.initialState();
        Teacher.TeacherStep lesson = afd.teach(state, cohort.input(0, RATE));
        for (int i = 0; i < cohort.size(); i++) {
            int peer = i;
            int predecessor = (i + shapes.size() - 1) % shapes.size();
            Objective.Result own = cohort.objective(i, lesson);
            assertThat(own.gradients().asMap()).containsOnlyKeys(TensorName.LOGITS, MAP);
            own.gradients()
                    .asMap()
                    .forEach((name, gradient) -> TensorDifferences.assertGradient(
                            name + " of peer " + peer,
                            gradient,
                            cohort.published().get(peer).get(name),
                            value -> ofStudent(
                                    afd, state, TensorDifferences.with(cohort, peer, name, value), peer, predecessor)));
            assertParameters(afd, state, cohort, i);
        }
    }

    /** Both parts of a student's loss, in which the predecessor is constant. */
    private static double ofStudent(Afd afd, NamedTensors state, Cohort cohort, int peer, int predecessor) {
        Tensor own = cohort.published().get(peer).get(TensorName.LOGITS);
        Tensor taught = cohort.published().get(predecessor).get(TensorName.LOGITS);
        return LogitLoss.crossEntropy(LABELS, own)
                        .plus(LogitLoss.divergenceFromLogits(taught, own, 2), 0.7)
                        .loss()
                + 0.3 * step(afd, state, cohort, peer).loss();
    }

    private static void assertParameters(Afd afd, NamedTensors state, Cohort cohort, int peer) {
        AdversarialPeer.Step step = step(afd, state, cohort, peer);
        step.discriminator()
                .parameters()
                .asMap()
                .forEach((parameter, gradient) -> TensorDifferences.assertGradient(
                        parameter + " of peer " + peer,
                        gradient,
                        state.get("discriminator." + peer + "." + parameter),
                        value -> step(afd, state.with("discriminator." + peer + "." + parameter, value), cohort, peer)
                                .discriminator()
                                .loss()));
        step.transfer()
                .asMap()
                .forEach((parameter, gradient) -> TensorDifferences.assertGradient(
                        parameter + " of peer " + peer,
                        gradient,
                        state.get("transfer." + peer + "." + parameter),
                        value -> step(afd, state.with("transfer." + peer + "." + parameter, value), cohort, peer)
                                .loss()));
    }

    private static AdversarialPeer.Step step(Afd afd, NamedTensors state, Cohort cohort, int peer) {
        TeacherSetting setting = setting(shapes(cohort), DType.FLOAT64);
        PublishedMaps published = PublishedMaps.of(List.of(MAP), cohort.input(0, RATE), setting);
        return Optional.ofNullable(
                        afd.steps(state, published).get(cohort.slots().get(peer)))
                .orElseThrow();
    }

    private static List<Ints> shapes(Cohort cohort) {
        return cohort.published().stream()
                .map(published -> published.get(MAP).shape().toArray())
                .map(shape -> Ints.of(shape[1], shape[2], shape[3]))
                .toList();
    }

    @Test
    void updatesTransferLayersAndDiscriminatorsByAdam() {
        Afd afd = afd(THREE, PARAMETERS);
        Cohort cohort = cohort(2, THREE);
        NamedTensors state = afd.initialState();
        Tensor gradient =
                step(afd, state, cohort, 2).discriminator().parameters().get("conv1_weight");
        Tensor ofTransfer = step(afd, state, cohort, 2).transfer().get("weight");

        NamedTensors next = afd.teach(state, cohort.input(0, RATE)).next();
        NamedTensors later = afd.teach(state, cohort.input(0, RATE / 10)).next();

        for (int k = 0; k < gradient.size(); k++) {
            assertMoved(state, next, "discriminator.2.conv1_weight", k, 0.01 * direction(gradient.at(k)));
            assertMoved(state, later, "discriminator.2.conv1_weight", k, 0.001 * direction(gradient.at(k)));
        }
        for (int k = 0; k < ofTransfer.size(); k++) {
            assertMoved(state, next, "transfer.2.weight", k, 0.01 * direction(ofTransfer.at(k)));
        }
        assertThat(state.asMap().keySet()).noneMatch(name -> name.startsWith("transfer.1."));
    }

    /** Of Adam's first update. */
    private static double direction(double gradient) {
        return gradient / (Math.abs(gradient) + 1e-8);
    }

    private static void assertMoved(NamedTensors before, NamedTensors after, String name, int k, double by) {
        assertThat(before.get(name).at(k) - after.get(name).at(k)).as(name).isCloseTo(by, within(1e-12));
    }

    @TestFactory
    Stream<DynamicTest> equalsTheGoldenFiles() {
        return GoldenFile.all().stream()
                .filter(file -> file.method().startsWith("afd_"))
                .map(file -> DynamicTest.dynamicTest(file.toString(), () -> assertEqual(file)));
    }

    private static void assertEqual(GoldenFile file) {
        List<NamedTensors> published = new ArrayList<>();
        for (int peer = 0; peer < file.input("maps").size(); peer++) {
            published.add(NamedTensors.of(
                            MAP, GoldenFile.tensor(file.input("maps").get(peer)))
                    .with(TensorName.LOGITS, GoldenFile.tensors(file.input("z")).get(peer)));
        }
        Cohort cohort = Cohort.of(file.labels(), published);
        Afd afd = (Afd) Afd.METHOD.create(
                new Experiment.Method("afd", Map.of("feature_weight", "1")),
                setting(shapes(cohort), cohort.labels().classes(), DType.FLOAT64));
        Teacher.TeacherStep lesson = afd.teach(golden(file, cohort.size()), cohort.input(0, RATE));

        GoldenFile close = file.within(1e-9);
        List<Objective.Result> results = new ArrayList<>();
        for (int i = 0; i < cohort.size(); i++) {
            results.add(cohort.objective(i, lesson));
        }
        close.compare(
                "loss_logit",
                results.stream()
                        .mapToDouble(result -> result.crossEntropy() + result.distillation())
                        .toArray());
        close.compare("grad_z", joined(results, TensorName.LOGITS));
        close.compare("grad_maps", joined(results, MAP));
        close.compare("loss_g", figures(lesson, cohort.size(), "network"));
        close.compare("loss_d", figures(lesson, cohort.size(), "discriminator"));
    }

    private static double[] joined(List<Objective.Result> results, String name) {
        return results.stream()
                .flatMapToDouble(
                        result -> Arrays.stream(result.gradients().get(name).toDoubles()))
                .toArray();
    }

    private static double[] figures(Teacher.TeacherStep lesson, int peers, String figure) {
        double[] figures = new double[peers];
        for (int slot = 0; slot < peers; slot++) {
            figures[slot] = MapCohort.figures(lesson, slot, "adversary").getOrDefault(figure, Double.NaN);
        }
        return figures;
    }

    /** The parameters of a golden file; nothing was kept of earlier gradients. */
    private static NamedTensors golden(GoldenFile file, int peers) {
        Map<String, Tensor> state = new TreeMap<>();
        for (int peer = 0; peer < peers; peer++) {
            for (String name : List.of("conv1_weight", "bn_gamma", "bn_beta", "conv2_weight", "conv2_bias")) {
                put(
                        state,
                        "discriminator." + peer + "." + name,
                        GoldenFile.tensor(file.input("d_" + name).get(peer)));
            }
        }
        for (String name : List.of("weight", "gamma", "beta")) {
            if (file.hasInput("transfer_" + name)) {
                put(state, "transfer.1." + name, GoldenFile.tensor(file.input("transfer_" + name)));
            }
        }
        return NamedTensors.of(state);
    }

    private static void put(Map<String, Tensor> state, String name, Tensor values) {
        TrainedParameter.fresh(values.toDoubles())
                .put(state, name, values.shape().toArray());
    }

    @Test
    void leavesAMissingContributorOutOfTheRing() {
        Afd afd = afd(THREE, PARAMETERS);
        NamedTensors state =
                afd.teach(afd.initialState(), cohort(3, THREE).input(0, RATE)).next();
        Cohort two = TensorDifferences.withMaps(4, LABELS, List.of(0, 2), MAP, List.of(THREE.get(0), THREE.get(2)));

        Teacher.TeacherStep lesson = afd.teach(state, two.input(0, RATE));

        assertThat(lesson.addressed()).containsOnlyKeys(0, 2);
        assertThat(target(lesson, 0)).isEqualTo(two.published().get(1).get(TensorName.LOGITS));
        assertThat(target(lesson, 2)).isEqualTo(two.published().get(0).get(TensorName.LOGITS));
        assertThat(afd.shares(state, two.input(0, RATE), lesson).byStudent())
                .isEqualTo(new TreeMap<>(Map.of(0, new TreeMap<>(Map.of(2, 1.0)), 2, new TreeMap<>(Map.of(0, 1.0)))));
        state.asMap()
                .forEach((name, tensor) -> assertThat(lesson.next().get(name).equals(tensor))
                        .as(name)
                        .isEqualTo(name.contains(".1.")));
    }

    @Test
    void isARingThroughTheSlotsInTheirOrder() {
        Cohort cohort = cohort(5, THREE);
        Afd afd = afd(THREE, PARAMETERS);
        Teacher.TeacherStep lesson = afd.teach(afd.initialState(), cohort.input(0, RATE));

        for (int slot = 0; slot < 3; slot++) {
            assertThat(target(lesson, slot))
                    .isEqualTo(cohort.published().get((slot + 2) % 3).get(TensorName.LOGITS));
        }
        assertThat(lesson.terms()).isEmpty();
        assertThat(cohort.nonContributor(cohort.published().get(0), lesson).logitsGradient())
                .as("a peer that comes late")
                .isEqualTo(
                        LogitLoss.crossEntropy(LABELS, cohort.published().get(0).get(TensorName.LOGITS))
                                .gradient());
    }

    private static Tensor target(Teacher.TeacherStep lesson, int slot) {
        return ((Term.SoftTarget) MapCohort.terms(lesson, slot).get(0)).values();
    }

    @Test
    void trainsDiscriminatorsThatTellMapsApart() {
        Afd afd = afd(TWO, Map.of("feature_learning_rate", "0.01"));
        NamedTensors state = afd.initialState();
        // The one's maps are large, and the other's are not.
        Cohort cohort = cohort(6, TWO);
        Tensor map = cohort.published().get(0).get(MAP);
        double[] slanted = map.toDoubles();
        for (int i = 0; i < slanted.length; i++) {
            slanted[i] += i % 3;
        }
        cohort = TensorDifferences.with(
                cohort, 0, MAP, Tensor.of(DType.FLOAT64, slanted, map.shape().toArray()));
        Teacher.TeacherStep first = afd.teach(state, cohort.input(0, RATE));
        Teacher.TeacherStep last = first;
        for (int step = 0; step < 60; step++) {
            last = afd.teach(last.next(), cohort.input(0, RATE));
        }

        SortedMap<String, Double> before = MapCohort.figures(first, 0, "adversary");
        SortedMap<String, Double> after = MapCohort.figures(last, 0, "adversary");
        assertThat(after.getOrDefault("discriminator", 1.0)).isLessThan(before.getOrDefault("discriminator", 0.0) / 2);
        assertThat(after.getOrDefault("real", 0.0)).isGreaterThan(after.getOrDefault("fake", 1.0));
    }

    @Test
    void drawsWhatBelongsToASlotFromTheSeedAndTheSlotAlone() {
        NamedTensors two = afd(TWO, Map.of()).initialState();
        NamedTensors three = afd(List.of(Ints.of(2, 3, 3), Ints.of(3, 3, 3), Ints.of(2, 5, 5)), Map.of())
                .initialState();
        NamedTensors wide = afd(TWO, Map.of("discriminator_width", "5")).initialState();

        two.asMap()
                .forEach((name, tensor) -> assertThat(three.get(name)).as(name).isEqualTo(tensor));
        assertThat(two.get("discriminator.0.conv1_weight").shape()).isEqualTo(Ints.of(2, 2, 2, 2));
        assertThat(two.get("discriminator.0.conv1_weight")).isNotEqualTo(two.get("discriminator.1.conv1_weight"));
        assertThat(wide.get("discriminator.0.conv1_weight").shape()).isEqualTo(Ints.of(5, 2, 2, 2));
        assertThat(wide.get("discriminator.1.conv2_weight").shape()).isEqualTo(Ints.of(1, 5, 2, 2));
    }

    @Test
    void renewsASlotAndNothingElse() {
        Afd afd = afd(THREE, PARAMETERS);
        NamedTensors trained =
                afd.teach(afd.initialState(), cohort(10, THREE).input(0, RATE)).next();
        NamedTensors renewed = afd.renewed(trained, 0);

        renewed.asMap().forEach((name, tensor) -> {
            boolean own = name.contains(".0.");
            double[] fresh =
                    afd.initialState().find(name).map(Tensor::toDoubles).orElse(new double[tensor.size()]);
            assertThat(tensor.toDoubles())
                    .as(name)
                    .isEqualTo(own ? fresh : trained.get(name).toDoubles());
            assertThat(tensor.equals(trained.get(name)))
                    .as("%s unchanged", name)
                    .isEqualTo(!own);
        });
        assertThat(renewed.asMap()).containsKeys("transfer.0.weight", "discriminator.0.conv2_bias.squares");
    }

    @Test
    void isTheLogitPartAloneWithFeatureWeightZero() {
        Afd afd = afd(TWO, Map.of("feature_weight", "0", "weight", "0"));
        Cohort cohort = cohort(7, TWO);
        Objective.Result result = cohort.objective(0, afd.teach(afd.initialState(), cohort.input(0, RATE)));

        assertThat(result.gradients().get(MAP).toDoubles()).containsOnly(0);
        assertThat(result.logitsGradient())
                .isEqualTo(
                        LogitLoss.crossEntropy(LABELS, cohort.published().get(0).get(TensorName.LOGITS))
                                .gradient());
    }

    @Test
    void sendsGradientsOfMapsInNoLessThanBinary32AndLogitsInTheTypeOfTheWire() {
        Cohort cohort = cohort(8, TWO);
        Afd afd = (Afd) Afd.METHOD.create(new Experiment.Method("afd", Map.of()), setting(TWO, DType.FLOAT16));
        Teacher.TeacherStep lesson = afd.teach(afd.initialState(), cohort.input(0, RATE));

        assertThat(target(lesson, 1).dtype()).isEqualTo(DType.FLOAT16);
        assertThat(((Term.LeafGradient) MapCohort.terms(lesson, 1).get(1))
                        .gradient()
                        .dtype())
                .isEqualTo(DType.FLOAT32);
    }

    @Test
    void isEvaluatedByTheMeanOfTheLogitsWithoutMaps() {
        Cohort cohort = Cohort.random(9, LABELS, List.of(0, 1), 1);
        Afd afd = afd(TWO, Map.of());
        SortedMap<Integer, NamedTensors> predictions = new TreeMap<>(
                Map.of(0, cohort.published().get(0), 1, cohort.published().get(1)));

        assertThat(afd.evaluate(NamedTensors.none(), predictions).orElseThrow().toDoubles())
                .containsExactly(PredictionMatrices.mean(List.of(cohort.logits(0), cohort.logits(1))));
        assertThat(afd.evaluate(NamedTensors.none(), new TreeMap<>())).isEmpty();
    }

    @Test
    void refusesMapsThatADiscriminatorCannotJudge() {
        List<Ints> flat = List.of(Ints.of(2, 3, 3), Ints.of(2, 3, 2));
        List<PeerId> peers = List.of(new PeerId("one"), new PeerId("other"));

        assertThatThrownBy(() -> afd(flat, Map.of()).requireTeachable(peers))
                .hasMessage(
                        "map/last of peer other of shape [2, 3, 2]: must have height and width of at least 3 for the"
                                + " discriminators of method afd");
        assertThatCode(() -> afd(TWO, Map.of()).requireTeachable(peers)).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @CsvSource({
        "feature_weight, -1, a number from 0 to 1000000",
        "feature_learning_rate, -0.1, a number of at least 0",
        "discriminator_width, 4097, a whole number from 0 to 4096",
        "temperature, 0, a number from 0.001 to 1000000",
    })
    void refusesSettingsOutOfRange(String parameter, String value, String range) {
        assertThatThrownBy(() -> afd(TWO, Map.of(parameter, value)))
                .hasMessageStartingWith("method." + parameter + ": " + value + ": must be " + range);
    }

    private static Cohort cohort(long seed, List<Ints> shapes) {
        List<Integer> slots = shapes.size() == 2 ? List.of(0, 1) : List.of(0, 1, 2);
        return TensorDifferences.withMaps(seed, LABELS, slots, MAP, shapes);
    }

    private static Afd afd(List<Ints> shapes, Map<String, String> parameters) {
        return (Afd) Afd.METHOD.create(new Experiment.Method("afd", parameters), setting(shapes, DType.FLOAT64));
    }

    private static TeacherSetting setting(List<Ints> shapes, DType wire) {
        return setting(shapes, C, wire);
    }

    private static TeacherSetting setting(List<Ints> shapes, int classes, DType wire) {
        int[] widths = Collections.nCopies(shapes.size(), 1).stream()
                .mapToInt(Integer::intValue)
                .toArray();
        return new TeacherSetting(shapes.size(), Ints.of(widths), classes, 11, Cohort.sgd(0, false, 0), wire)
                .withMaps(new MapShapes(new TreeMap<>(Map.of(MAP, shapes))));
    }
}
