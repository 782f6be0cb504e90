package dev.cohort.coordinator.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.coordinator.teacher.Shares;
import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.LogitLoss;
import dev.cohort.distill.Objective;
import dev.cohort.distill.Softmax;
import dev.cohort.distill.Votes;
import dev.cohort.experiment.Experiment;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MajorityTest {
    private static final int C = 4;
    private static final SoftLabels LABELS =
            new SoftLabels(C, List.of(Ints.of(0, 1, 2, 3, 0), Ints.of(3, 1, 0, 2, 2)), List.of(0.6, 0.4));

    @ParameterizedTest
    @CsvSource({"2, shares", "3, shares", "4, shares", "2, majority", "3, majority", "4, majority"})
    void isCrossEntropyWithTheVotes(int peers, String form) {
        Cohort cohort = cohort(peers);
        Teacher teacher = teacher(peers, Map.of("form", form, "weight", "0.6"), DType.FLOAT64);
        Teacher.TeacherStep lesson = teacher.teach(NamedTensors.none(), cohort.input(0, 0.1));

        for (int i = 0; i < peers; i++) {
            List<Ints> voters = votes(cohort);
            if (form.equals("shares")) {
                voters.remove(i);
            }
            Tensor target =
                    form.equals("shares") ? Votes.shares(voters, C) : Votes.oneHot(Votes.majority(voters, C), C);
            Tensor own = cohort.published().get(i).get(TensorName.LOGITS);
            LogitLoss expected = LogitLoss.crossEntropy(LABELS, own).plus(LogitLoss.crossEntropy(target, own), 0.6);

            Objective.Result result = cohort.objective(i, lesson);

            assertThat(result.logitsGradient().toDoubles())
                    .containsExactly(expected.gradient().toDoubles(), within(1e-15));
            assertThat(result.loss() + 0.6 * entropy(target)).isCloseTo(expected.loss(), within(1e-14));
            TensorDifferences.assertGradient(
                    "logits of peer " + i,
                    result.logitsGradient(),
                    own,
                    z -> LogitLoss.crossEntropy(LABELS, z).loss()
                            + 0.6 * LogitLoss.crossEntropy(target, z).loss());
        }
    }

    /** Mean over the rows. */
    private static double entropy(Tensor target) {
        return Arrays.stream(target.toDoubles())
                .map(q -> q > 0 ? -q * StrictMath.log(q) / target.dimension(0) : 0)
                .sum();
    }

    @Test
    void outvotesAPeerThatIsSureAndWrong() {
        Cohort three = Cohort.of(
                new SoftLabels(2, List.of(Ints.of(0)), List.of(1.0)), List.of(one(0.1, 0), one(0.1, 0), one(-100, 0)));

        assertThat(target(three, "majority").toDoubles()).containsExactly(1, 0);
        assertThat(target(three, "shares").toDoubles()).containsExactly(0.5, 0.5);
    }

    private static NamedTensors one(double first, double second) {
        return NamedTensors.of(TensorName.LOGITS, Tensor.of(DType.FLOAT64, new double[] {first, second}, 1, 2));
    }

    /** Of peer 0, or of all. */
    private static Tensor target(Cohort cohort, String form) {
        Teacher.TeacherStep lesson = Majority.METHOD
                .create(
                        new Experiment.Method("majority", Map.of("form", form)),
                        new TeacherSetting(3, Ints.of(1, 1, 1), 2, 1, Cohort.sgd(0, false, 0), DType.FLOAT64))
                .teach(NamedTensors.none(), cohort.input(0, 0.1));
        List<Term> terms = lesson.addressed().getOrDefault(0, lesson.terms());
        return ((Term.SoftTarget) terms.get(0)).values();
    }

    @Test
    void givesALatePeerTheSharesOfAllVotesOrTheMajority() {
        Cohort cohort = cohort(3);
        NamedTensors late = Cohort.random(9, LABELS, List.of(3), 1).published().get(0);
        Tensor logits = late.get(TensorName.LOGITS);
        for (String form : List.of("shares", "majority")) {
            Tensor target = form.equals("shares")
                    ? Votes.shares(votes(cohort), C)
                    : Votes.oneHot(Votes.majority(votes(cohort), C), C);
            Teacher.TeacherStep lesson = teacher(4, Map.of("form", form, "weight", "0.5"), DType.FLOAT64)
                    .teach(NamedTensors.none(), cohort.input(0, 0.1));

            assertThat(cohort.nonContributor(late, lesson).logitsGradient().toDoubles())
                    .as(form)
                    .containsExactly(
                            LogitLoss.crossEntropy(LABELS, logits)
                                    .plus(LogitLoss.crossEntropy(target, logits), 0.5)
                                    .gradient()
                                    .toDoubles(),
                            within(1e-15));
            assertThat(cohort.nonContributor(late, lesson).termLosses()).hasSize(1);
        }
    }

    @Test
    void sendsOneMajorityForAllInSixteenBitsAndSharesToEachPeer() {
        Cohort cohort = cohort(3);
        Teacher.TeacherStep majority =
                teacher(3, Map.of("form", "majority"), DType.FLOAT32).teach(NamedTensors.none(), cohort.input(0, 0.1));
        Teacher.TeacherStep shares =
                teacher(3, Map.of(), DType.FLOAT32).teach(NamedTensors.none(), cohort.input(0, 0.1));

        Tensor winners = ((Term.SoftTarget) majority.terms().get(0)).values();
        assertThat(winners.dtype()).isEqualTo(DType.FLOAT16);
        assertThat(winners.toDoubles())
                .containsExactly(
                        Votes.oneHot(Votes.majority(votes(cohort), C), C).toDoubles());
        assertThat(majority.addressed()).isEmpty();
        assertThat(shares.addressed()).containsOnlyKeys(0, 1, 2);
        assertThat(((Term.SoftTarget) shares.terms().get(0)).values().dtype()).isEqualTo(DType.FLOAT32);
    }

    @Test
    void countsEveryVoterAlike() {
        Cohort cohort = cohort(3);
        for (String form : List.of("shares", "majority")) {
            Teacher teacher = teacher(3, Map.of("form", form), DType.FLOAT64);
            Shares shares = teacher.shares(
                    NamedTensors.none(),
                    cohort.input(0, 0.1),
                    teacher.teach(NamedTensors.none(), cohort.input(0, 0.1)));

            assertThat(shares.weighed()).isFalse();
            assertThat(shares.byStudent().get(1))
                    .isEqualTo(
                            form.equals("shares")
                                    ? Map.of(0, 0.5, 2, 0.5)
                                    : Map.of(0, 1.0 / 3, 1, 1.0 / 3, 2, 1.0 / 3));
        }
    }

    @Test
    void isTheLabelsAloneWithWeightZero() {
        Cohort cohort = cohort(3);
        double[] z = cohort.logits(0);
        double[] p = Softmax.probabilities(z, C, 1);
        Teacher teacher = teacher(3, Map.of("weight", "0"), DType.FLOAT64);
        double[] y = LABELS.dense();
        double[] expected = new double[z.length];
        for (int k = 0; k < z.length; k++) {
            expected[k] = (p[k] - y[k]) / LABELS.rows();
        }

        assertThat(cohort.objective(0, teacher.teach(NamedTensors.none(), cohort.input(0, 0.1)))
                        .logitsGradient()
                        .toDoubles())
                .containsExactly(expected, within(1e-15));
    }

    @ParameterizedTest
    @CsvSource({
        "form, loudest, 'method.form: loudest: must be one of shares, majority'",
        "weight, -1, method.weight: -1: must be a number from 0 to 1000000",
        "temperature, 2, 'method.temperature: method majority has no such parameter; it has weight, ramp_up_epochs, form'"
    })
    void refusesWhatItDoesNotAllow(String parameter, String value, String message) {
        assertThatThrownBy(() -> teacher(2, Map.of(parameter, value), DType.FLOAT64))
                .hasMessage(message);
    }

    private static List<Ints> votes(Cohort cohort) {
        List<Ints> votes = new ArrayList<>();
        cohort.published().forEach(published -> votes.add(Votes.of(published.get(TensorName.LOGITS))));
        return votes;
    }

    private static Cohort cohort(int peers) {
        return Cohort.random(peers, LABELS, List.of(0, 1, 2, 3).subList(0, peers), 1);
    }

    private static Teacher teacher(int peers, Map<String, String> parameters, DType wire) {
        int[] widths = new int[peers];
        Arrays.fill(widths, 1);
        return Majority.METHOD.create(
                new Experiment.Method("majority", parameters),
                new TeacherSetting(peers, Ints.of(widths), C, 1, Cohort.sgd(0, false, 0), wire));
    }
}
