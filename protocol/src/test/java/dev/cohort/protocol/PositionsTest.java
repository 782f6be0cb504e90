package dev.cohort.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PositionsTest {
    @Test
    void areReadBackAsWritten() {
        Positions positions = Positions.parse("outcomes-0=7 batches-0=12 test-batches-0=0 addressed-3=9");
        assertThat(Positions.parse(positions.text())).isEqualTo(positions);
        assertThat(positions.of(Topic.ADDRESSED, 3)).hasValue(9);
        assertThat(positions.of(Topic.ADDRESSED, 2)).isEmpty();
        assertThat(Positions.parse("")).isEqualTo(Positions.NONE);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"outcomes-0", "outcomes=1", "nothing-0=1", "outcomes-0=x", "outcomes-0=-1", "outcomes-0=1  "})
    void refuseOtherTexts(String text) {
        assertThatThrownBy(() -> Positions.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }
}
