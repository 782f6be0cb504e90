package dev.cohort.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SoftwareTest {
    @Test
    void marksChangedSourcesOfAKnownCommit() {
        assertThat(Software.commit("0123456789ab", false)).isEqualTo("0123456789ab");
        assertThat(Software.commit("0123456789ab", true)).isEqualTo("0123456789ab-dirty");
        assertThat(Software.commit(Software.UNKNOWN, true)).isEqualTo(Software.UNKNOWN);
    }

    @Test
    void isUnknownWhereTheCommandIsNotOnTheClassPath() {
        assertThat(Software.current().commit()).isEqualTo(Software.UNKNOWN);
        assertThat(Software.current().jdk()).startsWith(Runtime.version().toString());
    }
}
