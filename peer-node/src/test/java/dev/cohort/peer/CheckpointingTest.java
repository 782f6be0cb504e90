package dev.cohort.peer;

import static dev.cohort.peer.PeerFixture.batch;
import static dev.cohort.peer.PeerFixture.deliver;
import static dev.cohort.peer.PeerFixture.learner;
import static dev.cohort.peer.PeerFixture.only;
import static dev.cohort.peer.PeerFixture.setting;
import static dev.cohort.peer.PeerFixture.skipped;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.peer.plain.OneHiddenLayer;
import dev.cohort.protocol.Evaluation;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Prediction;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** When a peer keeps a checkpoint, and how it continues from one. */
class CheckpointingTest {
    private final PeerFixture fixture = new PeerFixture();

    @Test
    void evaluatesAndKeepsACheckpointAtTheEndOfAnEpoch() {
        Peer peer = fixture.peer();

        List<Message> sent = deliver(peer, 0, skipped(1), skipped(2), batch(1), batch(2));

        assertThat(only(Evaluation.class, sent)).hasSize(1).allMatch(e -> e.step() == 2 && !e.last());
        assertThat(fixture.checkpoints.newest().map(CheckpointStore.Checkpoint::step))
                .hasValue(2L);
    }

    @Test
    void continuesFromItsCheckpointAsIfNothingHadHappened() {
        deliver(fixture.peer(), 0, skipped(1), skipped(2), skipped(3), batch(1), batch(2), batch(3));
        OneHiddenLayer fresh = learner();
        Peer restarted = new Peer(setting(2, false, Optional.of(0), false), fresh, new Pictures(), fixture.checkpoints);

        assertThat(restarted.status().step()).isEqualTo(2);
        deliver(restarted, 0, batch(1), batch(2), batch(3), skipped(1), skipped(2), skipped(3));

        assertThat(restarted.status().step()).isEqualTo(3);
        assertThat(fresh.weights()).isEqualTo(fixture.learner.weights());
    }

    @Test
    void keepsACheckpointBetweenEpochsWhileItWaits() {
        Peer peer = fixture.peer();
        for (long step = 1; step <= 4; step++) {
            deliver(peer, step, batch(step), skipped(step));
        }
        peer.onMessage(batch(5), 5);
        peer.onMessage(batch(6), 5);
        peer.onMessage(skipped(5), 5);
        assertThat(only(Prediction.class, peer.onDeadline(5)))
                .as("the next prediction goes first")
                .hasSize(1);
        assertThat(steps()).containsExactly(2L, 4L);

        peer.onDeadline(5);

        assertThat(steps()).containsExactly(2L, 4L, 5L);
        OneHiddenLayer fresh = learner();
        Peer restarted = new Peer(setting(2, false, Optional.of(0), false), fresh, new Pictures(), fixture.checkpoints);
        assertThat(restarted.status().restoredStep()).isEqualTo(5);
        deliver(restarted, 0, batch(6), skipped(6));
        deliver(peer, 6, skipped(6));
        assertThat(fresh.weights()).isEqualTo(fixture.learner.weights());
    }

    private List<Long> steps() {
        return fixture.checkpoints.all.stream()
                .map(CheckpointStore.Checkpoint::step)
                .toList();
    }

    /** A checkpoint of the last step of an epoch implies that the evaluation was sent, so it is not written before. */
    @Test
    void keepsNoCheckpointBeforeAnEvaluation() {
        Peer peer = fixture.peer();
        for (long step = 1; step <= 9; step++) {
            deliver(peer, step, batch(step), skipped(step));
        }
        peer.onMessage(batch(10), 10);
        peer.onMessage(skipped(10), 10);
        assertThat(peer.status().step()).isEqualTo(10);
        assertThat(steps()).containsExactly(2L, 4L, 5L, 6L, 8L);

        assertThat(only(Evaluation.class, peer.onDeadline(10))).hasSize(1);
        assertThat(steps()).as("the evaluation is on its way").containsExactly(2L, 4L, 5L, 6L, 8L);

        peer.onDeadline(10);
        assertThat(steps()).containsExactly(2L, 4L, 5L, 6L, 8L, 10L);
    }
}
