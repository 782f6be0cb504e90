package dev.cohort.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.distill.Objective.Place;
import dev.cohort.distill.Objective.Result;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.Term;
import dev.cohort.protocol.Term.Audience;
import dev.cohort.protocol.Term.OwnTarget;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Terms that depend on the peer: on its own teacher or its place among the contributors. */
class OwnTargetTest {
    private static final int B = 4;
    private static final int C = 5;
    private static final SoftLabels LABELS =
            new SoftLabels(C, List.of(Ints.of(0, 1, 2, 3), Ints.of(4, 1, 0, 2)), List.of(0.7, 0.3));
    private static final Place SECOND_OF_THREE = new Place(1, 3);

    private final Tensor logits = drawn(1);
    private final Tensor teacher = drawn(2);

    @ParameterizedTest
    @EnumSource(OwnTarget.Form.class)
    void givesTheDerivativeOfTheDistanceFromTheOwnTeacher(OwnTarget.Form form) {
        List<Term> terms = List.of(new OwnTarget("own", form, 0.7, 2));
        Result result = objective(logits, terms, Optional.empty());
        double h = 1e-5;
        for (int i = 0; i < B * C; i++) {
            double above = loss(objective(shifted(i, h), terms, Optional.empty()));
            double below = loss(objective(shifted(i, -h), terms, Optional.empty()));

            assertThat(result.logitsGradient().at(i))
                    .as("element %d", i)
                    .isCloseTo((above - below) / (2 * h), within(1e-8));
        }
    }

    @Test
    void averagesSquaresOverBatchAndClasses() {
        double[] p = Softmax.probabilities(logits.toDoubles(), C, 1);
        double[] q = Softmax.probabilities(teacher.toDoubles(), C, 1);
        double expected = 0;
        for (int i = 0; i < p.length; i++) {
            expected += (p[i] - q[i]) * (p[i] - q[i]) / (B * C);
        }
        Term own = new OwnTarget("own", OwnTarget.Form.SQUARES, 3, 1);

        assertThat(objective(logits, List.of(own), Optional.empty())
                        .termLosses()
                        .get(0)
                        .loss())
                .isCloseTo(expected, within(1e-15));
    }

    @Test
    void divergesLikeASoftTargetOfTheSameLogits() {
        Term own = new OwnTarget("t", OwnTarget.Form.DIVERGENCE, 0.6, 3);
        Term soft = new SoftTarget("t", teacher, Space.LOGITS, Vote.INCLUDED, 0.6, 3);

        assertThat(objective(logits, List.of(own), Optional.empty()))
                .isEqualTo(objective(logits, List.of(soft), Optional.empty()));
    }

    @Test
    void takesItsOwnTeachersVoteOutOfAMeanOfTeachers() {
        double[] others = Softmax.probabilities(drawn(3).toDoubles(), C, 2);
        double[] own = Softmax.probabilities(teacher.toDoubles(), C, 2);
        double[] mean = new double[others.length];
        for (int i = 0; i < mean.length; i++) {
            mean[i] = (2 * others[i] + own[i]) / 3;
        }
        Term leftOut = new SoftTarget("t", tensor(mean, B, C), Space.PROBABILITIES, Vote.OWN_TEACHER_LEFT_OUT, 1, 2);
        Term exact = new SoftTarget("t", tensor(others, B, C), Space.PROBABILITIES, Vote.INCLUDED, 1, 2);

        assertThat(objective(logits, List.of(leftOut), Optional.of(SECOND_OF_THREE))
                        .logitsGradient()
                        .toDoubles())
                .containsExactly(
                        objective(logits, List.of(exact), Optional.of(SECOND_OF_THREE))
                                .logitsGradient()
                                .toDoubles(),
                        within(1e-14));
    }

    @Test
    void repeatsASingleRow() {
        double[] row = Softmax.probabilities(new double[] {1, 2, 0, 1, 3}, C, 1);
        double[] rows = new double[B * C];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = row[i % C];
        }
        Term once = new SoftTarget("u", tensor(row, 1, C), Space.PROBABILITIES, Vote.INCLUDED, 1, 1);
        Term written = new SoftTarget("u", tensor(rows, B, C), Space.PROBABILITIES, Vote.INCLUDED, 1, 1);

        assertThat(objective(logits, List.of(once), Optional.empty()))
                .isEqualTo(objective(logits, List.of(written), Optional.empty()));
    }

    @Test
    void eachTermReachesItsAudienceAlone() {
        Term forOthers = new SoftTarget("t", teacher, Space.LOGITS, Vote.INCLUDED, 1, 3, Audience.OTHERS);
        Term forContributors = new SoftTarget("t", teacher, Space.LOGITS, Vote.INCLUDED, 1, 3, Audience.CONTRIBUTORS);
        Result nothing = objective(logits, List.of(), Optional.empty());
        Result something = objective(logits, List.of(forOthers), Optional.empty());

        assertThat(something).isNotEqualTo(nothing);
        assertThat(objective(logits, List.of(forContributors), Optional.empty()))
                .isEqualTo(nothing);
        assertThat(objective(logits, List.of(forOthers), Optional.of(SECOND_OF_THREE)))
                .isEqualTo(nothing);
        assertThat(objective(logits, List.of(forContributors), Optional.of(SECOND_OF_THREE)))
                .isEqualTo(something);
    }

    @Test
    void addsExtraWeightOfTheLabelsToTheGradientOfAContributor() {
        double[] once = objective(logits, List.of(), Optional.of(SECOND_OF_THREE))
                .logitsGradient()
                .toDoubles();
        Result more = objective(logits, List.of(new Term.CrossEntropy("labels", 0.5)), Optional.of(SECOND_OF_THREE));
        for (int i = 0; i < once.length; i++) {
            assertThat(more.logitsGradient().at(i)).isCloseTo(1.5 * once[i], within(1e-15));
        }
    }

    @Test
    void learnsFromTheLabelsUntilItsOwnTeacherHasAnOutput() {
        Term own = new OwnTarget("average", OwnTarget.Form.SQUARES, 1, 1);
        NamedTensors known = NamedTensors.of(TensorName.LOGITS, logits);

        Result result = Objective.of(
                LABELS,
                1,
                List.of(own),
                NamedTensors.of(TensorName.LOGITS, logits),
                known,
                Optional.empty(),
                DType.FLOAT64);

        assertThat(result.termLosses()).isEmpty();
        assertThat(result.logitsGradient())
                .isEqualTo(Objective.of(
                                LABELS,
                                1,
                                List.of(),
                                NamedTensors.of(TensorName.LOGITS, logits),
                                known,
                                Optional.empty(),
                                DType.FLOAT64)
                        .logitsGradient());
    }

    private Result objective(Tensor at, List<Term> terms, Optional<Place> standing) {
        return Objective.of(
                LABELS,
                1,
                terms,
                NamedTensors.of(TensorName.LOGITS, at),
                NamedTensors.of(TensorName.LOGITS, at).with(TensorName.OWN_TEACHER, teacher),
                standing,
                DType.FLOAT64);
    }

    private static double loss(Result result) {
        return result.crossEntropy() + result.distillation();
    }

    private Tensor shifted(int index, double by) {
        double[] values = logits.toDoubles();
        values[index] += by;
        return tensor(values, B, C);
    }

    private static Tensor drawn(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        double[] values = new double[B * C];
        for (int i = 0; i < values.length; i++) {
            values[i] = 6 * random.nextDouble() - 3;
        }
        return tensor(values, B, C);
    }

    private static Tensor tensor(double[] values, int... shape) {
        return Tensor.of(DType.FLOAT64, values, shape);
    }
}
