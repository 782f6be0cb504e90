package dev.cohort.launch.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cohort.protocol.Addressed;
import dev.cohort.protocol.End;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.Prediction;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SyntheticRunTest {
    private static List<Message> said(String method) {
        List<Message> said = new ArrayList<>();
        new SyntheticRun(new SyntheticRun.Size(5, 3, 4, 2, method)).write(said::addAll, step -> {});
        return said;
    }

    @Test
    void saysWhatARunOfItsSizeSays() {
        List<Message> said = said("one");

        assertThat(said).filteredOn(Prediction.class::isInstance).hasSize(15);
        assertThat(said)
                .filteredOn(Outcome.class::isInstance)
                .hasSize(5)
                .allSatisfy(o -> assertThat(((Outcome) o).contributors()).hasSize(3));
        assertThat(said).filteredOn(Addressed.class::isInstance).hasSize(15);
        assertThat(said.get(said.size() - 1)).isEqualTo(new End(5, "planned"));
    }

    @Test
    void saysTheSameEveryTime() {
        assertThat(said("mean_logit")).isEqualTo(said("mean_logit"));
    }

    @Test
    void refusesAMethodThatReadsWhatCannotBeDrawn() {
        assertThatThrownBy(() -> said("codistillation"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("method codistillation reads");
    }
}
