package dev.cohort.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;

class RestartPolicyTest {
    private final RestartPolicy policy = new RestartPolicy();

    @Test
    void waitsLongerWithEveryDeath() {
        assertThat(policy.died(0, Optional.empty())).hasValue(250);
        assertThat(policy.died(1000, Optional.empty())).hasValue(500);
        assertThat(policy.died(2000, Optional.empty())).hasValue(1000);
        assertThat(policy.died(3000, Optional.empty())).hasValue(2000);
    }

    @Test
    void givesUpAtTheFifthDeathWithinAMinute() {
        for (int death = 0; death < 4; death++) {
            assertThat(policy.died(1000L * death, Optional.empty())).isPresent();
        }
        assertThat(policy.died(59_999, Optional.empty())).isEmpty();
    }

    @Test
    void forgetsDeathsOfMoreThanAMinuteAgo() {
        for (int death = 0; death < 20; death++) {
            assertThat(policy.died(15_000L * death, Optional.empty())).isPresent();
        }
        assertThat(policy.died(1_000_000, Optional.empty())).hasValue(250);
    }

    @Test
    void givesUpWhenItFailsOfTheSameThingHoweverSlowly() {
        Optional<String> complaint = Optional.of("failed in Forward of step 20");
        for (int death = 0; death < 4; death++) {
            assertThat(policy.died(600_000L * death, complaint)).hasValue(250L << death);
        }
        assertThat(policy.died(2_400_000, complaint)).isEmpty();
        assertThat(policy.often()).isEqualTo("5 times in a row");
    }

    @Test
    void goesOnWhileItGetsFurtherOrIsKilledFromOutside() {
        for (int death = 0; death < 20; death++) {
            Optional<String> complaint = Optional.of("failed in Forward of step " + death / 4);
            assertThat(policy.died(600_000L * death, death % 4 == 3 ? Optional.empty() : complaint))
                    .isPresent();
        }
    }
}
