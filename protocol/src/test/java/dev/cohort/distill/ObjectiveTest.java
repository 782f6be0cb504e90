package dev.cohort.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.distill.Objective.Place;
import dev.cohort.distill.Objective.Result;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.Term;
import dev.cohort.protocol.Term.GatedCrossEntropy;
import dev.cohort.protocol.Term.LeafGradient;
import dev.cohort.protocol.Term.SoftTarget;
import dev.cohort.protocol.Term.Space;
import dev.cohort.protocol.Term.Vote;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ObjectiveTest {
    private static final int B = 4;
    private static final int C = 5;
    private static final SoftLabels MIXED =
            new SoftLabels(C, List.of(Ints.of(0, 1, 2, 3), Ints.of(4, 1, 0, 2)), List.of(0.7, 0.3));

    @Test
    void givesThePublishedNumbersOfTheClosedCaseOfOne() {
        Tensor first = tensor(new double[] {2, 0, 0}, 1, 3);
        Tensor second = tensor(new double[] {0, 1, 0}, 1, 3);
        List<Term> terms = List.of(
                new SoftTarget("ensemble", tensor(new double[] {1, 0.5, 0}, 1, 3), Space.LOGITS, Vote.INCLUDED, 1, 3),
                new GatedCrossEntropy("ensemble", tensor(new double[] {0.5, 0.5}, 1, 2), 1));
        SoftLabels classZero = new SoftLabels(3, List.of(Ints.of(0)), List.of(1.0));

        Result one = contributor(classZero, terms, first, 0, 2);
        Result two = contributor(classZero, terms, second, 1, 2);

        assertThat(one.crossEntropy()).isCloseTo(0.23954477, within(1e-8));
        assertThat(two.crossEntropy()).isCloseTo(1.55144471, within(1e-8));
        assertThat(one.distillation()).isCloseTo(0.21252893, within(1e-8));
        assertThat(two.termLosses()).hasSize(1);
        assertThat(two.termLosses().get(0).loss()).isCloseTo(0.20680046, within(1e-8));
        assertClose(one.logitsGradient(), new double[] {-0.15013035, 0.02922991, 0.12090044}, 1e-8);
        assertClose(two.logitsGradient(), new double[] {-1.32182255, 0.97192409, 0.34989847}, 1e-8);
    }

    @Test
    void givesThePublishedNumbersOfTheClosedCaseOfMutualLearning() {
        Tensor first = tensor(new double[] {2, 0, 0}, 1, 3);
        double[] other = Softmax.probabilities(new double[] {0, 1, 0}, 3, 1);
        double[] mean = Softmax.probabilities(new double[] {2, 0, 0}, 3, 1);
        for (int i = 0; i < 3; i++) {
            mean[i] = (mean[i] + other[i]) / 2;
        }
        SoftLabels classZero = new SoftLabels(3, List.of(Ints.of(0)), List.of(1.0));
        List<Term> terms =
                List.of(new SoftTarget("peers", tensor(mean, 1, 3), Space.PROBABILITIES, Vote.LEFT_OUT, 1, 1));

        Result one = contributor(classZero, terms, first, 0, 2);
        Result two = contributor(classZero, terms, tensor(new double[] {0, 1, 0}, 1, 3), 1, 2);

        assertThat(one.distillation()).isCloseTo(0.84033382, within(1e-8));
        assertThat(two.distillation()).isCloseTo(0.77936505, within(1e-8));
        assertClose(one.logitsGradient(), new double[] {0.36203053, -0.36310293, 0.00107240}, 1e-8);
        assertClose(two.logitsGradient(), new double[] {-1.36310293, 1.04572679, 0.31737614}, 1e-8);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void hasTheGradientOfItsOwnLoss(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        double[] logits = normal(random, B * C);
        Tensor target = tensor(normal(random, B * C), B, C);
        Tensor probabilities = tensor(Softmax.probabilities(normal(random, B * C), C, 2), B, C);
        List<Term> terms = List.of(
                new SoftTarget("a", target, Space.LOGITS, Vote.INCLUDED, 0.6, 3),
                new SoftTarget("b", probabilities, Space.PROBABILITIES, Vote.INCLUDED, 0.4, 2));

        Tensor gradient = late(MIXED, terms, tensor(logits, B, C)).logitsGradient();

        assertDerivative(logits, gradient, z -> {
            Result result = late(MIXED, terms, tensor(z, B, C));
            return 0.5 * result.crossEntropy() + result.distillation();
        });
    }

    @Test
    void addsLeafGradientsOfLogitsAndFeaturesForAContributor() {
        SplittableRandom random = new SplittableRandom(5);
        Tensor logits = tensor(normal(random, B * C), B, C);
        Tensor onLogits = tensor(normal(random, B * C), B, C);
        Tensor onFeatures = tensor(normal(random, B * 2), B, 2);
        List<Term> terms = List.of(
                new LeafGradient("z", TensorName.LOGITS, onLogits),
                new LeafGradient("f", TensorName.FEATURES, onFeatures),
                new LeafGradient("f2", TensorName.FEATURES, onFeatures));

        Result taught = contributor(MIXED, terms, logits, 0, 2);

        assertThat(taught.featuresGradient().orElseThrow().at(3)).isEqualTo(2 * onFeatures.at(3));
        Result unweighted = contributor(MIXED, List.of(), logits, 0, 2);
        double[] sum = unweighted.logitsGradient().toDoubles();
        for (int i = 0; i < sum.length; i++) {
            sum[i] += onLogits.at(i);
        }
        assertClose(taught.logitsGradient(), sum, 1e-15);
        assertThat(unweighted.featuresGradient()).isEmpty();
    }

    @Test
    void skipsTermsThatAreInvalidForALatePeer() {
        SplittableRandom random = new SplittableRandom(6);
        Tensor logits = tensor(normal(random, B * C), B, C);
        Tensor other = tensor(normal(random, B * C), B, C);
        Term soft = new SoftTarget("ensemble", other, Space.LOGITS, Vote.LEFT_OUT, 1, 3);
        List<Term> terms = List.of(
                soft,
                new GatedCrossEntropy("ensemble", tensor(new double[B * 2], B, 2), 1),
                new LeafGradient("z", TensorName.LOGITS, other),
                new LeafGradient("f", TensorName.FEATURES, other));
        Term asItIs = new SoftTarget("ensemble", other, Space.LOGITS, Vote.INCLUDED, 1, 3);

        Result late = late(MIXED, terms, logits);

        assertThat(late).isEqualTo(late(MIXED, List.of(asItIs), logits));
        assertThat(late.featuresGradient()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 7})
    void takesItsOwnVoteOutOfAMean(int contributors) {
        SplittableRandom random = new SplittableRandom(contributors);
        double[] logits = normal(random, B * C);
        double[] own = Softmax.probabilities(logits, C, 3);
        double[] others = Softmax.probabilities(normal(random, B * C), C, 3);
        double[] mean = new double[B * C];
        for (int i = 0; i < mean.length; i++) {
            mean[i] = (own[i] + (contributors - 1) * others[i]) / contributors;
        }

        Result leftOut =
                contributor(MIXED, List.of(probabilities(mean, Vote.LEFT_OUT)), tensor(logits, B, C), 1, contributors);
        Result asItIs = contributor(
                MIXED, List.of(probabilities(others, Vote.INCLUDED)), tensor(logits, B, C), 1, contributors);

        assertThat(leftOut.distillation()).isCloseTo(asItIs.distillation(), within(1e-13));
        assertClose(leftOut.logitsGradient(), asItIs.logitsGradient().toDoubles(), 1e-13);
    }

    @Test
    void takesOutTheVoteThatWasPublishedNotTheOneItComputed() {
        SplittableRandom random = new SplittableRandom(8);
        Tensor computed = tensor(normal(random, B * C), B, C);
        Tensor published = computed.as(DType.FLOAT16);
        double[] other = normal(random, B * C);
        double[] mean = new double[B * C];
        for (int i = 0; i < mean.length; i++) {
            mean[i] = (published.at(i) + other[i]) / 2;
        }
        Term leftOut = new SoftTarget("mean", tensor(mean, B, C), Space.LOGITS, Vote.LEFT_OUT, 1, 3);
        Term exact = new SoftTarget("mean", tensor(other, B, C), Space.LOGITS, Vote.INCLUDED, 1, 3);

        Result result = Objective.of(
                MIXED,
                1,
                List.of(leftOut),
                NamedTensors.of(TensorName.LOGITS, computed),
                NamedTensors.of(TensorName.LOGITS, published),
                Optional.of(new Place(0, 2)),
                DType.FLOAT64);

        assertClose(
                result.logitsGradient(),
                contributor(MIXED, List.of(exact), computed, 0, 2)
                        .logitsGradient()
                        .toDoubles(),
                1e-13);
    }

    @Test
    void staysFiniteWhenRoundingLeavesNothingOfTheOtherVotes() {
        Tensor sure = tensor(new double[] {60, 0, 0}, 1, 3);
        double[] mean = Softmax.probabilities(new double[] {60, 0, 0}, 3, 1);
        Tensor rounded = Tensor.of(DType.FLOAT16, new double[] {mean[0], 0, 0}, 1, 3);
        SoftLabels classZero = new SoftLabels(3, List.of(Ints.of(0)), List.of(1.0));

        Result result = contributor(
                classZero,
                List.of(new SoftTarget("peers", rounded, Space.PROBABILITIES, Vote.LEFT_OUT, 1, 1)),
                sure,
                0,
                2);

        assertThat(result.distillation()).isCloseTo(0, within(1e-12));
        assertThat(result.logitsGradient().isFinite()).isTrue();
    }

    @Test
    void teachesNothingWhenNoOtherPeerVoted() {
        Tensor logits = tensor(normal(new SplittableRandom(9), B * C), B, C);
        Term own = new SoftTarget("mean", logits, Space.LOGITS, Vote.LEFT_OUT, 1, 3);

        assertThat(contributor(MIXED, List.of(own), logits, 0, 1))
                .isEqualTo(contributor(MIXED, List.of(), logits, 0, 1));
    }

    @Test
    void countsARowAsCorrectByItsHeaviestLabel() {
        Tensor logits = tensor(new double[] {1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 9, 0, 1, 0, 0, 0, 0, 1, 0, 0}, B, C);

        assertThat(late(MIXED, List.of(), logits).correct()).isEqualTo(0.5);
    }

    @Test
    void refusesTargetsOfAnotherShapeAndTensorsWithoutGradient() {
        Tensor logits = tensor(new double[B * C], B, C);
        Term narrow = new SoftTarget("mean", tensor(new double[B * 2], B, 2), Space.LOGITS, Vote.INCLUDED, 1, 3);
        Term unknown = new LeafGradient("x", "maps", logits);
        Term alone = new GatedCrossEntropy("ensemble", tensor(new double[B * 2], B, 2), 1);

        assertThatThrownBy(() -> late(MIXED, List.of(narrow), logits))
                .hasMessage("mean of shape [4, 2]: must be [4, 5]");
        assertThatThrownBy(() -> contributor(MIXED, List.of(unknown), logits, 0, 2))
                .hasMessageContaining("leaf gradient x of tensor maps");
        assertThatThrownBy(() -> contributor(MIXED, List.of(alone), logits, 0, 2))
                .hasMessageContaining("gated cross-entropy ensemble: needs a soft target");
    }

    private static SoftTarget probabilities(double[] values, Vote vote) {
        return new SoftTarget("peers", tensor(values, B, C), Space.PROBABILITIES, vote, 0.8, 3);
    }

    private static Result contributor(SoftLabels labels, List<Term> terms, Tensor logits, int index, int contributors) {
        return Objective.of(
                labels,
                1,
                terms,
                NamedTensors.of(TensorName.LOGITS, logits)
                        .with(TensorName.FEATURES, tensor(new double[labels.rows() * 2], labels.rows(), 2)),
                NamedTensors.of(TensorName.LOGITS, logits),
                Optional.of(new Place(index, contributors)),
                DType.FLOAT64);
    }

    private static Result late(SoftLabels labels, List<Term> terms, Tensor logits) {
        return Objective.of(
                labels,
                0.5,
                terms,
                NamedTensors.of(TensorName.LOGITS, logits),
                NamedTensors.of(TensorName.LOGITS, logits),
                Optional.empty(),
                DType.FLOAT64);
    }

    private static void assertDerivative(double[] at, Tensor gradient, ToDoubleFunction<double[]> loss) {
        double h = 1e-5;
        for (int i = 0; i < at.length; i++) {
            double[] shifted = at.clone();
            shifted[i] = at[i] + h;
            double above = loss.applyAsDouble(shifted);
            shifted[i] = at[i] - h;
            double below = loss.applyAsDouble(shifted);
            assertThat(gradient.at(i)).as("element %d", i).isCloseTo((above - below) / (2 * h), within(1e-9));
        }
    }

    private static void assertClose(Tensor actual, double[] expected, double tolerance) {
        assertThat(actual.toDoubles()).containsExactly(expected, within(tolerance));
    }

    private static double[] normal(SplittableRandom random, int size) {
        double[] values = new double[size];
        for (int i = 0; i < size; i++) {
            values[i] = 6 * random.nextDouble() - 3;
        }
        return values;
    }

    private static Tensor tensor(double[] values, int... shape) {
        return Tensor.of(DType.FLOAT64, values, shape);
    }
}
