package dev.cohort.peer;

import static dev.cohort.peer.PeerFixture.RESEND_MS;
import static dev.cohort.peer.PeerFixture.SELF;
import static dev.cohort.peer.PeerFixture.batch;
import static dev.cohort.peer.PeerFixture.deliver;
import static dev.cohort.peer.PeerFixture.learner;
import static dev.cohort.peer.PeerFixture.only;
import static dev.cohort.peer.PeerFixture.setting;
import static dev.cohort.peer.PeerFixture.skipped;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.protocol.Admitted;
import dev.cohort.protocol.Command;
import dev.cohort.protocol.End;
import dev.cohort.protocol.Evaluation;
import dev.cohort.protocol.Joining;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Prediction;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** How a peer joins a run and how it leaves. */
class MembershipTest {
    private final PeerFixture fixture = new PeerFixture();

    @Test
    void asksForASeatUntilItIsAnswered() {
        Peer peer = fixture.peer(setting(1, false, Optional.empty(), false));

        assertThat(only(Joining.class, deliver(peer, 0, batch(1)))).hasSize(1);
        assertThat(only(Joining.class, peer.onDeadline(RESEND_MS))).hasSize(1);
        assertThat(peer.status().waitingFor()).contains("seat");
        List<Message> sent = deliver(peer, 200, new Admitted(SELF, 1, 2, 1, ""));

        assertThat(only(Prediction.class, sent).get(0).rendered())
                .isEqualTo(new Pictures().render(batch(1), 2).digest());
        assertThat(only(Joining.class, peer.onDeadline(1_000))).isEmpty();
    }

    @Test
    void leavesWhenItIsRefused() {
        Peer peer = fixture.peer(setting(1, false, Optional.empty(), false));

        List<Message> sent = deliver(peer, 0, new Admitted(SELF, 1, 0, 1, "no seat"));

        assertThat(only(Left.class, sent)).hasSize(1).allMatch(l -> l.reason().equals("refused: no seat"));
    }

    @Test
    void aNewcomerAtTheHeadSkipsEarlierSteps() {
        Peer peer = fixture.peer(setting(1, false, Optional.empty(), true));

        List<Message> sent = deliver(peer, 0, batch(1), batch(2), batch(3), new Admitted(SELF, 1, 1, 3, ""));

        assertThat(only(Prediction.class, sent)).extracting(Prediction::step).containsExactly(3L);
    }

    @Test
    void aNewcomerThatRestartsKnowsItsSeatAndContinuesFromItsCheckpoint() {
        deliver(fixture.peer(), 0, skipped(1), skipped(2), batch(1), batch(2));
        Peer restarted =
                new Peer(setting(2, false, Optional.empty(), true), learner(), new Pictures(), fixture.checkpoints);

        List<Message> sent = deliver(restarted, 0, batch(1), batch(2), batch(3), new Admitted(SELF, 1, 1, 1, ""));

        assertThat(only(Prediction.class, sent)).extracting(Prediction::step).containsExactly(3L);
        assertThat(only(Evaluation.class, sent)).isEmpty();
    }

    @Test
    void aNewcomerReportsItsFirstStepAfterEveryRestart() {
        Peer first = fixture.peer(setting(1, false, Optional.empty(), true));
        deliver(first, 0, batch(3), new Admitted(SELF, 1, 1, 3, ""), skipped(3), batch(4), skipped(4), batch(5));
        Peer restarted =
                new Peer(setting(2, false, Optional.empty(), true), learner(), new Pictures(), fixture.checkpoints);

        List<Message> sent = deliver(
                restarted, 0, new Admitted(SELF, 2, 1, 9, ""), batch(5), skipped(5), new End(5, "stopped"), batch(6));

        Left.Result result = only(Left.class, sent).get(0).result().orElseThrow();
        assertThat(result.firstStep()).isEqualTo(3);
        assertThat(result.stepsTrained()).isEqualTo(5);
    }

    @Test
    void leavesAtTheEndOfTheRunWithItsLastEvaluation() {
        Peer peer = fixture.peer();

        List<Message> sent = deliver(
                peer, 0, batch(1), skipped(1), new Admitted(SELF, 1, 0, 2, ""), new End(1, "stopped"), batch(2));

        assertThat(only(Evaluation.class, sent)).hasSize(1).allMatch(e -> e.step() == 1 && e.last());
        Left left = only(Left.class, sent).get(0);
        assertThat(left.reason()).isEqualTo(Left.FINISHED);
        assertThat(left.result().orElseThrow().firstStep()).isEqualTo(1);
        assertThat(left.result().orElseThrow().stepsTrained()).isEqualTo(1);
        assertThat(left.result().orElseThrow().weights()).isEqualTo(fixture.learner.weights());
        assertThat(peer.nextDeadlineMs()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void trainsTheStepItWaitsForBeforeItIsDrained() {
        Peer peer = fixture.peer();
        deliver(peer, 0, batch(1), batch(2));

        List<Message> asked = deliver(peer, 1, new Command(Command.Kind.DRAIN, Optional.of(SELF), "asked"), batch(3));
        assertThat(only(Left.class, asked)).isEmpty();
        List<Message> sent = deliver(peer, 2, skipped(1), skipped(2));

        assertThat(only(Left.class, sent)).hasSize(1).allMatch(l -> l.reason().startsWith("drained"));
        assertThat(peer.status().step()).isEqualTo(1);
    }

    @Test
    void leavesAtOnceWhenTheRunIsAborted() {
        Peer peer = fixture.peer();
        deliver(peer, 0, batch(1));

        List<Message> sent = deliver(peer, 1, new Command(Command.Kind.ABORT, Optional.empty(), "p2 did not join"));

        assertThat(only(Left.class, sent)).hasSize(1).allMatch(l -> l.reason().equals("aborted: p2 did not join"));
    }
}
