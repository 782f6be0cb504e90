package dev.cohort.study.retrain;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.protocol.Admitted;
import dev.cohort.protocol.Joining;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.PeerId;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Hasher;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LastStartTest {
    private static final PeerId GUEST = new PeerId("guest");
    private static final Digest SOME = new Hasher().text("some").digest();

    private static Joining joining(long incarnation, String model, long trainedSteps) {
        return new Joining(GUEST, incarnation, model, "cpu", false, 64, trainedSteps, SOME, 2);
    }

    private static Admitted admitted(long incarnation, int slot) {
        return new Admitted(GUEST, incarnation, slot, 7, "");
    }

    private static Left left(long incarnation, long steps) {
        return new Left(GUEST, incarnation, "drained: x", Optional.of(new Left.Result(7, steps, 0.5, 100, 0.1, SOME)));
    }

    private static LastStart only(Message... members) {
        List<LastStart> all = LastStart.all(List.of(members)::forEach);
        assertThat(all).hasSize(1);
        return all.get(0);
    }

    @Test
    void combinesTheMessagesOfJoiningAndLeaving() {
        LastStart last = only(
                joining(1, "resnet8", 0),
                admitted(1, 3),
                left(1, 9),
                joining(2, "resnet14", 9),
                // Repeated, because it was not admitted at once.
                joining(2, "resnet14", 11),
                admitted(2, 3),
                left(2, 20));

        assertThat(last.joining()).contains(joining(2, "resnet14", 9));
        assertThat(last.slot()).contains(3);
        assertThat(last.result().stepsTrained()).isEqualTo(20);
        assertThat(last.brought()).isFalse();
    }

    @Test
    void cameWithWeightsWhenNoEarlierStartCanHaveKeptThem() {
        assertThat(only(joining(1, "resnet8", 30), admitted(1, 3), left(1, 40)).brought())
                .isTrue();
        assertThat(only(joining(1, "resnet8", 0), admitted(1, 3), joining(2, "resnet8", 30), left(2, 40))
                        .brought())
                .isFalse();
    }

    @Test
    void isEmptyForAPeerThatDidNotLeaveOrLeftWithoutWeights() {
        assertThat(LastStart.all(List.<Message>of(joining(1, "resnet8", 0), admitted(1, 3))::forEach))
                .isEmpty();
        assertThat(LastStart.all(List.<Message>of(
                        joining(1, "resnet8", 0), new Left(GUEST, 1, "lost", Optional.empty()))::forEach))
                .isEmpty();
    }
}
