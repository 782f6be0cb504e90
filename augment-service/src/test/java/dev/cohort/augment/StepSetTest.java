package dev.cohort.augment;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class StepSetTest {
    @Test
    void keepsGapsUntilTheyAreClosed() {
        StepSet steps = new StepSet();

        assertThat(steps.add(1)).isTrue();
        assertThat(steps.add(3)).isTrue();
        assertThat(steps.add(4)).isTrue();
        assertThat(steps.add(3)).isFalse();
        assertThat(steps.upTo()).isEqualTo(1);
        assertThat(steps.last()).isEqualTo(4);
        assertThat(steps.contains(2)).isFalse();

        assertThat(steps.add(2)).isTrue();
        assertThat(steps.upTo()).isEqualTo(4);
        assertThat(steps.last()).isEqualTo(4);
        assertThat(steps.add(1)).isFalse();
    }
}
