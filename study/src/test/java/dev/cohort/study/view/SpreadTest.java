package dev.cohort.study.view;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class SpreadTest {
    private static Spread of(Double... values) {
        return Spread.of(List.of(values)).orElseThrow();
    }

    @Test
    void isStudentsIntervalOfTheMean() {
        // Standard deviation 0.01, three values: t(2) = 4.30.
        Spread spread = of(0.79, 0.80, 0.81);
        assertThat(spread.mean()).isCloseTo(0.8, within(1e-12));
        assertThat(spread.half().orElse(0)).isCloseTo(4.30 * 0.01 / Math.sqrt(3), within(1e-9));
        assertThat(spread.percent()).isEqualTo("80.0 ± 2.5 %");
        assertThat(of(0.0, 0.02).half().orElse(0)).isCloseTo(12.71 * 0.01, within(1e-9));
    }

    @Test
    void doesNotKnowTheSpreadOfOneValue() {
        assertThat(Spread.of(List.of())).isEmpty();
        Spread one = of(0.031);
        assertThat(one.half()).isEmpty();
        assertThat(one.exceeds()).isFalse();
        assertThat(one.points()).isEqualTo("+3.1 points");
        assertThat(one.percent()).isEqualTo("3.1 %");
    }

    @Test
    void exceedsWithThreeRunsAndAnIntervalWithoutZero() {
        assertThat(of(0.030, 0.031).exceeds()).as("two runs").isFalse();
        assertThat(of(0.030, 0.031, 0.032).exceeds()).isTrue();
        assertThat(of(-0.030, -0.031, -0.032).exceeds()).isTrue();
        assertThat(of(-0.01, 0.01, 0.03).exceeds()).isFalse();
        assertThat(of(0.0, 0.0, 0.0).exceeds()).as("no difference at all").isFalse();
    }
}
