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
    private static List<Message> messages(String method) {
        List<Message> messages = new ArrayList<>();
        new SyntheticRun(new SyntheticRun.Size(5, 3, 4, 2, method)).write(messages::addAll, step -> {});
        return messages;
    }

    @Test
    void writesTheMessagesOfARunOfItsSize() {
        List<Message> messages = messages("one");

        assertThat(messages).filteredOn(Prediction.class::isInstance).hasSize(15);
        assertThat(messages)
                .filteredOn(Outcome.class::isInstance)
                .hasSize(5)
                .allSatisfy(o -> assertThat(((Outcome) o).contributors()).hasSize(3));
        assertThat(messages).filteredOn(Addressed.class::isInstance).hasSize(15);
        assertThat(messages.get(messages.size() - 1)).isEqualTo(new End(5, "planned"));
    }

    @Test
    void isTheSameEveryTime() {
        assertThat(messages("mean_logit")).isEqualTo(messages("mean_logit"));
    }

    @Test
    void refusesAMethodThatReadsOtherTensors() {
        assertThatThrownBy(() -> messages("codistillation"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("method codistillation reads");
    }
}
