package dev.cohort.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.protocol.Evaluation;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.TensorName;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TeachingHistoryTest {
    private static final int IMAGES = 3;

    private static TeachingHistory.Account account(ListedLog log, String method) {
        return new TeachingHistory(log, SmallRun.teacher(method), step -> 0.1, IMAGES, SmallRun.STEPS)
                .account(step -> {});
    }

    @Test
    void withoutWeightsAllContributorsTeachAlike() {
        TeachingHistory.Account account = account(new SmallRun().log("mean_logit"), "mean_logit");

        assertThat(account.weighed()).isFalse();
        assertThat(account.whole().taught()).isEqualTo(SmallRun.STEPS);
        assertThat(account.whole().shares().get("p2"))
                .containsOnlyKeys("p1", "p2", "p3")
                .allSatisfy((teacher, share) -> assertThat(share).isCloseTo(1.0 / 3, within(1e-12)));
        assertThat(account.windows()).hasSize(SmallRun.STEPS);
    }

    @Test
    void aPeerThatLeavesItselfOutHasNoShareInItsOwnTarget() {
        TeachingHistory.Account account = account(new SmallRun().log("dml"), "dml");

        assertThat(account.whole().shares().get("p2")).isEqualTo(Map.of("p1", 0.5, "p3", 0.5));
    }

    @ParameterizedTest
    @ValueSource(strings = {"one", "okddip", "kdcl_linear", "kdcl_naive", "adaptive"})
    void weighedSharesSumToOneAndAreComputedAgainAtEveryStep(String method) {
        TeachingHistory.Account account = account(new SmallRun().log(method), method);

        assertThat(account.weighed()).isTrue();
        assertThat(account.unknown()).isZero();
        assertThat(account.whole().shares()).isNotEmpty();
        for (SortedMap<String, Double> row : account.whole().shares().values()) {
            assertThat(row.values().stream().mapToDouble(Double::doubleValue).sum())
                    .isCloseTo(1, within(1e-6));
        }
    }

    @Test
    void withoutAPredictionTheSharesOfATrainedTeacherAreUnknownFromThereOn() {
        ListedLog log = new SmallRun().log("okddip");
        log.change(
                Prediction.class,
                message ->
                        message.filter(p -> p.step() != 5 || !p.peer().value().equals("p1")));

        assertThat(account(log, "okddip").unknown()).isEqualTo(SmallRun.STEPS - 4);
    }

    @Test
    void measuresThePaceOfEachStudent() {
        // In each partition the time of a record is its number: if p2 and p3 share one, the first of them is
        // earlier.
        SortedMap<String, StepWindow.Pace> paces =
                account(new SmallRun().log("mean_logit"), "mean_logit").whole().paces();

        assertThat(paces).containsOnlyKeys("p1", "p2", "p3").allSatisfy((peer, pace) -> {
            assertThat(pace.steps()).isEqualTo(SmallRun.STEPS);
            assertThat(pace.stalenessMax()).isZero();
        });
        assertThat(paces.values()).anyMatch(pace -> pace.lagMaxMs() > 0 && pace.lastSteps() > 0);
    }

    @Test
    void everyTrainingImageHasAHistory() {
        SampleHistory training =
                account(new SmallRun().log("mean_logit"), "mean_logit").training();

        assertThat(training.peers(3))
                .hasSize(3)
                .allSatisfy(p -> assertThat(p.learned()).isPositive());
    }

    /** Rows of labels 0, 1; p1 is right about both, p2 only about the second, with a higher probability than p1. */
    @Test
    void accuracyOfEveryClassIsThatOfItsImages() {
        ListedLog log = new ListedLog(2);
        log.append(tested(1, "p1", 5, 0, 0, 1));
        log.append(tested(1, "p2", 0, 1, 0, 9));

        TestHistory history = TestHistory.of(log, new EnsembleMembers(SmallRun.PEERS.subList(0, 2)), Ints.of(0, 1), 2);

        assertThat(history.classes()).hasSize(1);
        assertThat(history.classes().get(0).accuracy().get("p1")).containsExactly(1.0, 1.0);
        assertThat(history.classes().get(0).accuracy().get("p2")).containsExactly(0.0, 1.0);
        assertThat(history.classes().get(0).accuracy().get(TestHistory.ENSEMBLE))
                .containsExactly(1.0, 1.0);
        assertThat(history.samples().sample(0).firstBy()).isEqualTo("p1");
    }

    @Test
    void emitsTestsInOrderAndHoldsFewForAPeerThatIsGone() {
        ListedLog log = new ListedLog(2);
        log.append(tested(1, "p1", 1, 0, 0, 1));
        log.append(tested(2, "p1", 1, 0, 0, 1));
        log.append(tested(2, "p2", 1, 0, 0, 1));
        log.append(tested(1, "p2", 1, 0, 0, 1));
        for (int step = 3; step < 20; step++) {
            log.append(tested(step, "p1", 1, 0, 0, 1));
        }
        List<Long> steps = new ArrayList<>();
        List<Integer> sizes = new ArrayList<>();

        DynamicsHistory.tests(log, new EnsembleMembers(SmallRun.PEERS.subList(0, 2)), Ints.of(0, 1), 2, test -> {
            steps.add(test.step());
            sizes.add(test.logits().size());
        });

        assertThat(steps).isSorted().hasSize(19);
        assertThat(sizes.subList(0, 3)).containsExactly(2, 2, 1);
    }

    @Test
    void errorsThatComeTogetherCorrelate() {
        // p1 is wrong on the images 0 and 1, p2 on 1 and 2, of four: d = 1/4 = e e, so the correlation is 0.
        SortedMap<String, double[]> logits = new TreeMap<>();
        logits.put("p1", new double[] {0, 1, 0, 1, 1, 0, 1, 0});
        logits.put("p2", new double[] {1, 0, 0, 1, 0, 1, 1, 0});
        Dynamics d = Dynamics.of(logits, Ints.of(0, 0, 0, 0), 2);

        assertThat(d.errorCorrelation().get(0).get(1)).isCloseTo(0, within(1e-12));
        assertThat(d.errorCorrelation().get(0).get(0)).isCloseTo(1, within(1e-12));
        assertThat(d.meanDoubleFault()).isEqualTo(0.25);
    }

    private static Evaluation tested(long step, String peer, double... logits) {
        return new Evaluation(
                step,
                0,
                false,
                peer,
                0.5,
                1,
                NamedTensors.of(TensorName.LOGITS, Tensor.of(DType.FLOAT32, logits, logits.length / 2, 2)));
    }
}
