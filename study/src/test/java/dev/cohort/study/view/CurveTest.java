package dev.cohort.study.view;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class CurveTest {
    @Test
    void staysBoundedAndKeepsTheMean() {
        Curve curve = new Curve();
        int steps = 50_001;
        for (int step = 1; step <= steps; step++) {
            curve.add(step, step);
        }
        assertThat(curve.points().size()).isBetween(Curve.POINTS_MAX, 2 * Curve.POINTS_MAX);
        assertThat(curve.points()).allSatisfy(p -> assertThat(p.y()).isEqualTo(p.x()));
        assertThat(curve.points().get(curve.points().size() - 1).x()).isGreaterThan(steps - 100.0);
    }

    @Test
    void leavesOutWhatIsNotFinite() {
        Curve curve = new Curve();
        curve.add(1, Double.NaN);
        curve.add(2, 3);
        assertThat(curve.points()).containsExactly(new Curve.Point(2, 3));
    }
}
