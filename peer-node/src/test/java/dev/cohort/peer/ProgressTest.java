package dev.cohort.peer;

import static dev.cohort.peer.PeerFixture.batch;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cohort.protocol.Images;
import dev.cohort.tensor.NamedTensors;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ProgressTest {
    private final PeerFixture fixture = new PeerFixture();

    private Parked pass(long step, long version) {
        Images images = new Pictures().render(batch(step), 0);
        NamedTensors none = NamedTensors.none();
        return new Parked(
                batch(step),
                fixture.learner.forward(images),
                version,
                Optional.empty(),
                Published.of(none, none),
                none,
                none.digest(),
                images);
    }

    @Test
    void aNewPeerStartsWithStepOneAndInitialWeights() {
        Progress progress = new Progress(1, 0, 1);

        assertThat(progress.forwardStep()).isEqualTo(1);
        assertThat(progress.trainingStep()).isEqualTo(1);
        assertThat(progress.version()).isZero();
        assertThat(progress.oldest()).isEmpty();
    }

    @Test
    void aParkedPassMovesTheForwardStepAlone() {
        Progress progress = new Progress(1, 4, 1);
        progress.park(pass(5, 4));

        assertThat(progress.forwardStep()).isEqualTo(6);
        assertThat(progress.trainingStep()).isEqualTo(5);
        assertThat(progress.version()).isEqualTo(4);
        assertThat(progress.mayForward()).isFalse();
    }

    @Test
    void openStepsAreTrainedInOrder() {
        Progress progress = new Progress(1, 0, 2);
        progress.park(pass(1, 0));
        progress.park(pass(2, 0));

        progress.trained();

        assertThat(progress.version()).isEqualTo(1);
        assertThat(progress.trainingStep()).isEqualTo(2);
        assertThat(progress.forwardStep()).isEqualTo(3);
        assertThat(progress.oldest()).hasValueSatisfying(parked -> {
            assertThat(parked.batch().step()).isEqualTo(2);
            assertThat(parked.version()).isZero();
        });
    }

    @Test
    void refusesAPassOfAnotherStepAndOneTooMany() {
        Progress progress = new Progress(1, 0, 1);

        assertThatThrownBy(() -> progress.park(pass(2, 0))).hasMessageContaining("step 2: must be of step 1");
        progress.park(pass(1, 0));
        assertThatThrownBy(() -> progress.park(pass(2, 0))).hasMessageContaining("fewer than 1 open");
    }

    @Test
    void droppedStepsCanBeForwardedAgain() {
        Progress progress = new Progress(1, 0, 1);
        progress.park(pass(1, 0));

        progress.dropOpen();

        assertThat(progress.forwardStep()).isEqualTo(1);
        assertThat(progress.mayForward()).isTrue();
    }

    @Test
    void aPeerThatJoinsAtTheHeadSkipsEarlierStepsButNoOpenOnes() {
        Progress progress = new Progress(1, 0, 1);
        progress.startAt(7);
        assertThat(progress.firstStep()).isEqualTo(7);
        assertThat(progress.version()).isEqualTo(6);
        progress.startAt(3);
        assertThat(progress.trainingStep()).isEqualTo(7);

        progress.park(pass(7, 6));

        assertThatThrownBy(() -> progress.startAt(9)).hasMessageContaining("step 7 is open");
    }
}
