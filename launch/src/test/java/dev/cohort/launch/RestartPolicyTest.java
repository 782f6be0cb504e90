package dev.cohort.launch;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RestartPolicyTest {
    private final RestartPolicy policy = new RestartPolicy();

    @Test
    void waitsLongerWithEveryDeath() {
        assertThat(policy.died(0)).hasValue(250);
        assertThat(policy.died(1000)).hasValue(500);
        assertThat(policy.died(2000)).hasValue(1000);
        assertThat(policy.died(3000)).hasValue(2000);
    }

    @Test
    void givesUpAtTheFifthDeathWithinAMinute() {
        for (int death = 0; death < 4; death++) {
            assertThat(policy.died(1000L * death)).isPresent();
        }
        assertThat(policy.died(59_999)).isEmpty();
    }

    @Test
    void forgetsDeathsOfMoreThanAMinuteAgo() {
        for (int death = 0; death < 20; death++) {
            assertThat(policy.died(15_000L * death)).isPresent();
        }
        assertThat(policy.died(1_000_000)).hasValue(250);
    }
}
