package dev.cohort.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.tensor.Ints;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DynamicsTest {
    private static final int ROWS = 50;
    private static final int C = 4;

    private static Dynamics random(long seed, int peers) {
        SplittableRandom random = new SplittableRandom(seed);
        TreeMap<String, double[]> logits = new TreeMap<>();
        for (int i = 0; i < peers; i++) {
            logits.put("p" + i, random.doubles((long) ROWS * C, -3, 3).toArray());
        }
        return Dynamics.of(logits, Ints.of(random.ints(ROWS, 0, C).toArray()), C);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void theBrierScoreOfTheEnsembleIsTheMeanLessTheVariance(long seed) {
        Dynamics d = random(seed, 3);
        double mean =
                d.each().stream().mapToDouble(Dynamics.Figures::brier).average().orElseThrow();

        assertThat(d.byProbability().brier()).isCloseTo(mean - d.variance(), within(1e-12));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void noEnsembleHasAWorseLikelihoodThanItsMembersOnAverage(long seed) {
        Dynamics d = random(seed, 4);
        double mean = d.each().stream()
                .mapToDouble(Dynamics.Figures::negativeLogLikelihood)
                .average()
                .orElseThrow();

        assertThat(d.byProbability().negativeLogLikelihood()).isLessThanOrEqualTo(mean);
        assertThat(d.byLogits().negativeLogLikelihood()).isLessThanOrEqualTo(mean);
        assertThat(d.oracle()).isGreaterThanOrEqualTo(d.each().get(0).accuracy());
    }

    @Test
    void equalPeersAreNoEnsemble() {
        double[] z = new SplittableRandom(1).doubles((long) ROWS * C, -3, 3).toArray();
        TreeMap<String, double[]> logits = new TreeMap<>();
        logits.put("p1", z);
        logits.put("p2", z);
        Dynamics d = Dynamics.of(logits, Ints.of(new int[ROWS]), C);

        assertThat(d.gain()).isZero();
        assertThat(d.meanDisagreement()).isZero();
        assertThat(d.variance()).isCloseTo(0, within(1e-15));
        assertThat(d.leaveOneOut()).containsExactly(0.0, 0.0);
        assertThat(d.divergence().get(0).get(1)).isZero();
    }

    @Test
    void aSinglePeerIsMeasuredAlone() {
        Dynamics d = random(1, 1);
        assertThat(d.leaveOneOut()).isEmpty();
        assertThat(d.byProbability().accuracy()).isEqualTo(d.each().get(0).accuracy());
        assertThat(d.meanDisagreement()).isZero();
    }

    @Test
    void theCourseHasAPointForEveryTestOfTheRun() {
        ListedLog log = new SmallRun().log("mean_logit");
        List<DynamicsHistory.Point> points = new ArrayList<>();

        DynamicsHistory.of(
                log, new EnsembleMembers(SmallRun.PEERS), Ints.of(0, 1, 2, 0), SmallRun.CLASSES, points::add);

        assertThat(points).hasSize(1);
        assertThat(points.get(0).step()).isEqualTo(SmallRun.STEPS);
        assertThat(points.get(0).dynamics().peers()).containsExactly("p1", "p2", "p3");
        points.clear();
        DynamicsHistory.of(
                log,
                new EnsembleMembers(List.of(SmallRun.PEERS.get(1))),
                Ints.of(0, 1, 2, 0),
                SmallRun.CLASSES,
                points::add);
        assertThat(points.get(0).dynamics().peers()).containsExactly("p2");
    }
}
