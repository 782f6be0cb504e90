package dev.cohort.peer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.protocol.Command;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.PeerId;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LeavingTest {
    private static final PeerId SELF = new PeerId("p1");

    private final Leaving leaving = new Leaving(SELF, 3);

    private static Left left(String peer, long incarnation) {
        return new Left(new PeerId(peer), incarnation, "drained: enough", Optional.empty());
    }

    @Test
    void obeysADrainOfThisStart() {
        leaving.commanded(Command.drain(SELF, 3, "enough"));

        assertThat(leaving.reason()).contains("drained: enough");
        assertThat(leaving.inOrder()).isTrue();
    }

    @Test
    void ignoresTheDrainOfAnotherPeer() {
        leaving.commanded(Command.drain(new PeerId("p2"), 3, "enough"));

        assertThat(leaving.begun()).isFalse();
    }

    @Test
    void obeysTheDrainOfAnEarlierStartThatDiedBeforeItCould() {
        leaving.commanded(Command.drain(SELF, 2, "enough"));
        leaving.left(left("p1", 1));
        leaving.left(left("p2", 2));
        assertThat(leaving.begun()).as("before every earlier Left is known").isFalse();

        leaving.admitted();

        assertThat(leaving.reason()).contains("drained: enough");
    }

    @Test
    void ignoresTheDrainOfAStartThatHasLeft() {
        leaving.commanded(Command.drain(SELF, 1, "enough"));
        leaving.left(left("p1", 2));
        leaving.admitted();
        leaving.commanded(Command.drain(SELF, 2, "read late"));

        assertThat(leaving.begun()).isFalse();
    }

    @Test
    void announcesItsLastStepOnce() {
        assertThat(leaving.news(4)).isEmpty();
        leaving.commanded(Command.drain(SELF, 3, "enough"));

        assertThat(leaving.news(5).map(d -> d.lastStep())).contains(5L);
        assertThat(leaving.news(6)).isEmpty();
    }

    @Test
    void announcesNothingUnlessItIsDrained() {
        leaving.refused("no seat");

        assertThat(leaving.news(5)).isEmpty();
        assertThat(leaving.inOrder()).isFalse();
    }
}
