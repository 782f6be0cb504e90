package dev.cohort.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Ints;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class EndOfRunTest {
    private final EndOfRun end = new EndOfRun();

    private static Batch batch(long step) {
        Ints one = Ints.of(0);
        return new Batch(
                step,
                0,
                false,
                new SoftLabels(2, List.of(one), List.of(1.0)),
                new Recipe(
                        one, List.of(), OptionalDouble.empty(), 0, List.of(new Recipe.View(one, one, one, List.of()))),
                List.of(Digest.ofBytes(new byte[Digest.BYTES])),
                Optional.empty());
    }

    @Test
    void isUnknownBeforeTheEnd() {
        assertThat(end.batch(batch(7))).isTrue();
        assertThat(end.lastStep()).isEmpty();
        assertThat(end.isLast(7)).isFalse();
    }

    @Test
    void isTheLastStepOfTheFirstEnd() {
        end.batch(batch(1));
        end.end(new End(3, "planned"));
        end.end(new End(9, "again"));

        assertThat(end.lastStep()).hasValue(3);
        assertThat(end.isLast(3)).isTrue();
        assertThat(end.batch(batch(2))).isTrue();
    }

    @Test
    void countsBatchesBeforeTheEndOnly() {
        end.batch(batch(4));
        end.end(new End(2, "stopped by somebody who had not read batch 4"));

        assertThat(end.lastStep()).hasValue(4);
        assertThat(end.batch(batch(3))).isTrue();
        assertThat(end.batch(batch(5))).isFalse();
    }
}
