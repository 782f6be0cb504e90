package dev.cohort.study.view;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.study.Dynamics;
import dev.cohort.study.DynamicsHistory;
import java.util.List;
import org.junit.jupiter.api.Test;

class DynamicsPageTest {
    private static final Dynamics.Figures GOOD = new Dynamics.Figures(0.8, 0.5, 0.3, 0.02);

    private static DynamicsHistory.Point point(long step, double disagreement, double worthOfP2) {
        List<List<Double>> pairs = List.of(List.of(0.0, disagreement), List.of(disagreement, 0.0));
        return new DynamicsHistory.Point(
                step,
                0,
                new Dynamics(
                        List.of("p1", "p2"),
                        List.of(GOOD, GOOD),
                        new Dynamics.Figures(0.9, 0.4, 0.2, 0.01),
                        GOOD,
                        pairs,
                        pairs,
                        pairs,
                        0.1,
                        0.95,
                        List.of(0.01, worthOfP2)));
    }

    @Test
    void summarisesTheEnsembleAndItsDiversity() {
        assertThat(DynamicsPage.verdict(List.of(point(10, 0.3, 0.02), point(20, 0.1, 0.02))))
                .isEqualTo(
                        "At step 20 the ensemble is right on 90.0 % of the test images, +10.0 points against the mean of its"
                                + " peers; at least one peer is right on 95.0 %. Two peers disagree on 10.0 %, compared with 30.0 %"
                                + " at first.");
    }

    @Test
    void namesThePeerThatBurdensTheEnsemble() {
        assertThat(DynamicsPage.verdict(List.of(point(10, 0.3, -0.015))))
                .endsWith("on 30.0 %. Without p2 the ensemble would gain 1.5 points.");
    }

    @Test
    void reportsThatNothingWasRecorded() {
        assertThat(DynamicsPage.verdict(List.of())).contains("no test logits");
    }
}
