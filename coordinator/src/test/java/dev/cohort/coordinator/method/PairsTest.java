package dev.cohort.coordinator.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.coordinator.teacher.Shares;
import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.LogitLoss;
import dev.cohort.distill.MutualPairs;
import dev.cohort.distill.Objective;
import dev.cohort.distill.maps.AttentionTransfer;
import dev.cohort.distill.maps.FeatureMap;
import dev.cohort.distill.maps.SquaredError;
import dev.cohort.experiment.Experiment;
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
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Peers p0 to p2 with last maps of different widths and sizes, and stages of one width and different sizes. */
class PairsTest {
    private static final int C = 4;
    private static final String LAST = "map/last";
    private static final String STAGE = "map/stage1";
    private static final SoftLabels LABELS =
            new SoftLabels(C, List.of(Ints.of(0, 1, 2, 3, 0), Ints.of(3, 1, 0, 2, 2)), List.of(0.6, 0.4));
    private static final List<Ints> LASTS = List.of(Ints.of(2, 3, 4), Ints.of(3, 3, 4), Ints.of(1, 2, 2));
    private static final List<Ints> STAGES = List.of(Ints.of(2, 4, 3), Ints.of(2, 2, 3), Ints.of(2, 3, 3));

    @Test
    void isOneLossOfTwoPeersInWhichNothingIsDetached() {
        Cohort cohort = cohort(1, List.of(0, 1));

        assertGradientsOfTheWholeLoss(
                cohort,
                "p1+p0 logits dml 0.5; all logits l2; all features l2 0.3; p0+p1 map/last at 20; all map/stage1 l2 0.7",
                (at, i, j) -> 0.5 * symmetric(at, i, j)
                        + squares(at, i, j, TensorName.LOGITS)
                        + 0.3 * squares(at, i, j, TensorName.FEATURES)
                        + 20 * attention(at, i, j)
                        + 0.7 * maps(at, i, j, STAGE));
    }

    @Test
    void isOneLossOfThreePeersSomeOfWhichAreInNoPair() {
        Cohort cohort = cohort(2, List.of(0, 1, 2));

        assertGradientsOfTheWholeLoss(
                cohort,
                "p0+p2 logits dml; p1+p2 map/last at 10; p0+p1+p2 map/stage1 l2 2; all logits dml 0.25",
                (at, i, j) -> (i == 0 && j == 2 ? 1.25 : 0.25) * symmetric(at, i, j)
                        + (i == 1 ? 10 * attention(at, i, j) : 0)
                        + 2 * maps(at, i, j, STAGE));
    }

    /** The part of the loss that belongs to the contributors i and j &gt; i. */
    @FunctionalInterface
    private interface PairOf {
        double loss(Cohort at, int i, int j);
    }

    private static void assertGradientsOfTheWholeLoss(Cohort cohort, String entries, PairOf pair) {
        Pairs pairs = pairs(Map.of("pairs", entries, "weight", "0.6"));
        Teacher.TeacherStep lesson = pairs.teach(pairs.initialState(), cohort.input(0, 0.1));

        assertThat(lesson.next()).isEqualTo(NamedTensors.none());
        for (int i = 0; i < cohort.size(); i++) {
            int peer = i;
            NamedTensors gradients = cohort.objective(i, lesson).gradients();
            cohort.published()
                    .get(i)
                    .asMap()
                    .forEach((name, own) -> TensorDifferences.assertGradient(
                            name + " of peer " + peer,
                            gradients
                                    .find(name)
                                    .orElseGet(() -> Tensor.of(
                                            DType.FLOAT64,
                                            new double[own.size()],
                                            own.shape().toArray())),
                            own,
                            value -> whole(TensorDifferences.with(cohort, peer, name, value), pair)));
        }
    }

    private static double whole(Cohort cohort, PairOf pair) {
        double loss = 0;
        for (int i = 0; i < cohort.size(); i++) {
            loss += LogitLoss.crossEntropy(LABELS, tensor(cohort, i, TensorName.LOGITS))
                    .loss();
            for (int j = i + 1; j < cohort.size(); j++) {
                loss += 0.6 * pair.loss(cohort, i, j);
            }
        }
        return loss;
    }

    private static Tensor tensor(Cohort cohort, int i, String name) {
        return cohort.published().get(i).get(name);
    }

    private static double symmetric(Cohort at, int i, int j) {
        Tensor one = tensor(at, i, TensorName.LOGITS);
        Tensor other = tensor(at, j, TensorName.LOGITS);
        return (LogitLoss.divergenceFromLogits(one, other, 1).loss()
                        + LogitLoss.divergenceFromLogits(other, one, 1).loss())
                / 2;
    }

    private static double squares(Cohort at, int i, int j, String name) {
        double[] one = tensor(at, i, name).toDoubles();
        double[] other = tensor(at, j, name).toDoubles();
        return IntStream.range(0, one.length)
                .mapToDouble(k -> (one[k] - other[k]) * (one[k] - other[k]))
                .average()
                .orElseThrow();
    }

    private static double attention(Cohort at, int i, int j) {
        return AttentionTransfer.loss(FeatureMap.of(tensor(at, i, LAST)), FeatureMap.of(tensor(at, j, LAST)))
                .loss();
    }

    private static double maps(Cohort at, int i, int j, String name) {
        return SquaredError.ofMaps(FeatureMap.of(tensor(at, i, name)), FeatureMap.of(tensor(at, j, name)))
                .loss();
    }

    @Test
    void isTheMutualLearningOfPaddleOcr() {
        List<Ints> alike = List.of(Ints.of(2, 3, 2), Ints.of(2, 3, 2), Ints.of(2, 3, 2));
        Cohort cohort = TensorDifferences.withMaps(3, LABELS, List.of(0, 1, 2), LAST, alike);
        Pairs pairs = pairs(alike, STAGES, Map.of("pairs", "all logits dml 0.5; all map/last l2 2"));
        Teacher.TeacherStep lesson = pairs.teach(pairs.initialState(), cohort.input(0, 0.1));
        MutualPairs published = new MutualPairs(List.of(
                new MutualPairs.Term(TensorName.LOGITS, MutualPairs.Form.DIVERGENCE, 0.5),
                new MutualPairs.Term(LAST, MutualPairs.Form.SQUARES, 2)));
        double ofLogits = 0;
        for (int i = 0; i < 3; i++) {
            List<NamedTensors> partners = new ArrayList<>(cohort.published());
            partners.remove(i);
            MutualPairs.Result expected = published.of(cohort.published().get(i), partners);
            ofLogits +=
                    expected.losses().get(0).get(0) + expected.losses().get(1).get(0);

            for (String name : List.of(TensorName.LOGITS, LAST)) {
                assertThat(leaf(lesson, i, name).toDoubles())
                        .containsExactly(expected.gradients().get(name).toDoubles(), within(1e-15));
            }
        }
        Term.Figures figures = (Term.Figures) lesson.terms().get(0);
        assertThat(figures.values()).containsOnlyKeys("0 logits dml", "1 map/last l2");
        assertThat(figures.values().get("0 logits dml")).isCloseTo(ofLogits / 6, within(1e-15));
    }

    private static Tensor leaf(Teacher.TeacherStep lesson, int slot, String name) {
        return lesson.addressed().getOrDefault(slot, List.of()).stream()
                .map(Term.LeafGradient.class::cast)
                .filter(leaf -> leaf.tensor().equals(name))
                .findFirst()
                .orElseThrow()
                .gradient();
    }

    /** The gradients of maps sum to 0 over the peers, and those of logits of two peers that agree are 0. */
    @Test
    void hasNothingToTeachAmongPeersThatAgree() {
        Cohort cohort = cohort(4, List.of(0, 1));
        Cohort agreed = TensorDifferences.with(cohort, 1, TensorName.LOGITS, tensor(cohort, 0, TensorName.LOGITS));
        Pairs pairs = pairs(Map.of("pairs", "all logits dml; all logits kl 2; all logits l2"));
        Teacher.TeacherStep lesson = pairs.teach(pairs.initialState(), agreed.input(0, 0.1));

        assertThat(leaf(lesson, 0, TensorName.LOGITS).toDoubles()).containsOnly(new double[] {0}, within(1e-16));
        assertThat(((Term.Figures) lesson.terms().get(0)).values().values()).allMatch(loss -> Math.abs(loss) < 1e-15);
    }

    @Test
    void imitatesTheOthersAsDeepMutualLearningDoes() {
        Cohort cohort = cohort(5, List.of(0, 1, 2));
        Pairs pairs = pairs(Map.of("pairs", "all logits kl 0.5", "temperature", "2"));
        Teacher dml = Dml.METHOD.create(
                new Experiment.Method("dml", Map.of("temperature", "2")),
                new TeacherSetting(3, Ints.of(1, 1, 1), C, 1, Cohort.sgd(0, false, 0), DType.FLOAT64));

        for (int i = 0; i < 3; i++) {
            assertThat(cohort.objective(i, pairs.teach(NamedTensors.none(), cohort.input(0, 0.1)))
                            .logitsGradient()
                            .toDoubles())
                    .containsExactly(
                            cohort.objective(i, dml.teach(NamedTensors.none(), cohort.input(0, 0.1)))
                                    .logitsGradient()
                                    .toDoubles(),
                            within(1e-14));
        }
    }

    @Test
    void doesNotCareForTheOrderOfPeersAndEntries() {
        Cohort cohort = cohort(6, List.of(0, 1, 2));
        Teacher.TeacherStep one = pairs(Map.of("pairs", "p0+p1 logits dml; p2+p1+p0 map/last at 3"))
                .teach(NamedTensors.none(), cohort.input(0, 0.1));
        Teacher.TeacherStep other = pairs(Map.of("pairs", "all map/last at 3.0;p1+p0  logits\tdml 1"))
                .teach(NamedTensors.none(), cohort.input(0, 0.1));

        assertThat(one.addressed()).isEqualTo(other.addressed());
    }

    @Test
    void leavesAPeerInNoPairToTheLabels() {
        Pairs pairs = pairs(Map.of("pairs", "p0+p1 logits dml; p0+p1 map/last at"));
        Cohort all = cohort(7, List.of(0, 1, 2));
        Cohort rest = cohort(8, List.of(1, 2));
        Teacher.TeacherStep lesson = pairs.teach(pairs.initialState(), all.input(0, 0.1));
        Teacher.TeacherStep without = pairs.teach(pairs.initialState(), rest.input(0, 0.1));
        Objective.Result own = all.objective(2, lesson);

        assertThat(lesson.addressed()).containsOnlyKeys(0, 1);
        assertThat(own.gradients().asMap()).containsOnlyKeys(TensorName.LOGITS);
        assertThat(own.logitsGradient())
                .isEqualTo(LogitLoss.crossEntropy(LABELS, tensor(all, 2, TensorName.LOGITS))
                        .gradient());
        assertThat(without.terms()).as("the partner is absent").isEmpty();
        assertThat(without.addressed()).isEmpty();
        assertThat(all.nonContributor(cohort(9, List.of(0)).published().get(0), lesson)
                        .termLosses())
                .isEmpty();
    }

    @Test
    void readsWhatItsEntriesName() {
        assertThat(pairs(Map.of()).reads()).isEmpty();
        assertThat(pairs(Map.of("pairs", "all map/stage1 l2; p0+p1 logits kl; all features l2; p0+p1 map/last at"))
                        .reads())
                .containsExactly(TensorName.FEATURES, LAST, STAGE);
    }

    @Test
    void countsPartnersByTheWeightsOfTheirEntries() {
        Pairs pairs = pairs(Map.of("pairs", "all logits dml 1; p0+p2 logits l2 2"));
        Teacher.StepInput input = cohort(10, List.of(0, 1, 2)).input(0, 0.1);
        Shares shares = pairs.shares(NamedTensors.none(), input, pairs.teach(NamedTensors.none(), input));

        assertThat(shares.weighed()).isTrue();
        assertThat(shares.byStudent().get(0)).isEqualTo(Map.of(1, 0.25, 2, 0.75));
        assertThat(shares.byStudent().get(1)).isEqualTo(Map.of(0, 0.5, 2, 0.5));
    }

    @Test
    void refusesTensorsThatDoNotFit() {
        assertThatThrownBy(() -> pairs(Map.of("pairs", "all map/last l2")).initialState())
                .hasMessage(
                        "entry all map/last l2 1.0 of pairs: map/last of slot 0 has width 2, that of slot 1 3: must be"
                                + " equal; only the loss at takes maps of different widths");
        Pairs named = pairs(Map.of("pairs", "p1+p2 map/last l2 0.5"));
        String widths = "entry p1+p2 map/last l2 0.5 of pairs: map/last of p1 has width 3, that of p2 1: must be equal";
        assertThat(named.initialState()).isEqualTo(NamedTensors.none());
        assertThatThrownBy(() -> named.requireTeachable(peers("p0", "p1", "p2")))
                .hasMessageStartingWith(widths);
        assertThatCode(() -> named.requireTeachable(peers("p1", "other", "p0"))).doesNotThrowAnyException();
        Cohort cohort = cohort(11, List.of(1, 2));
        assertThatThrownBy(() -> named.teach(NamedTensors.none(), cohort.input(0, 0.1)))
                .hasMessageStartingWith(widths);
        Cohort other = TensorDifferences.with(cohort, 0, STAGE, Tensor.of(DType.FLOAT64, new double[5], 5, 1, 1, 1));
        assertThatThrownBy(() ->
                        pairs(Map.of("pairs", "all map/stage1 l2")).teach(NamedTensors.none(), other.input(0, 0.1)))
                .hasMessage("map/stage1 of slot 1 of shape [5, 1, 1, 1]: must be [5, 2, 2, 3]");
    }

    private static List<PeerId> peers(String... ids) {
        return Arrays.stream(ids).map(PeerId::new).toList();
    }

    private static Cohort cohort(long seed, List<Integer> slots) {
        Cohort cohort = TensorDifferences.withMaps(
                seed, LABELS, slots, LAST, slots.stream().map(LASTS::get).toList());
        SplittableRandom random = new SplittableRandom(seed + 2000);
        for (int i = 0; i < slots.size(); i++) {
            Ints row = STAGES.get(slots.get(i));
            int[] shape = {LABELS.rows(), row.get(0), row.get(1), row.get(2)};
            int size = Arrays.stream(shape).reduce(1, Math::multiplyExact);
            cohort = TensorDifferences.with(
                    cohort,
                    i,
                    STAGE,
                    Tensor.of(DType.FLOAT64, random.doubles(size, -1, 1).toArray(), shape));
        }
        return cohort;
    }

    private static Pairs pairs(Map<String, String> parameters) {
        return pairs(LASTS, STAGES, parameters);
    }

    private static Pairs pairs(List<Ints> lasts, List<Ints> stages, Map<String, String> parameters) {
        return (Pairs) Pairs.METHOD.create(
                new Experiment.Method("pairs", parameters),
                new TeacherSetting(3, Ints.of(1, 1, 1), C, 11, Cohort.sgd(0, false, 0), DType.FLOAT64)
                        .withMaps(new MapShapes(new TreeMap<>(Map.of(LAST, lasts, STAGE, stages)))));
    }
}
