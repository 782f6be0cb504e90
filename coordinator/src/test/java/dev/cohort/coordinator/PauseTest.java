package dev.cohort.coordinator;

import static dev.cohort.coordinator.Cohort.P1;
import static dev.cohort.coordinator.Cohort.P2;
import static dev.cohort.coordinator.Cohort.P3;
import static dev.cohort.coordinator.Cohort.batch;
import static dev.cohort.coordinator.Cohort.contributors;
import static dev.cohort.coordinator.Cohort.heartbeat;
import static dev.cohort.coordinator.Cohort.joining;
import static dev.cohort.coordinator.Cohort.only;
import static dev.cohort.coordinator.Cohort.outcome;
import static dev.cohort.coordinator.Cohort.prediction;
import static dev.cohort.coordinator.Cohort.send;
import static dev.cohort.coordinator.Cohort.started;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.experiment.Experiment.Elastic;
import dev.cohort.experiment.Experiment.Pace.OnLoss;
import dev.cohort.protocol.Command;
import dev.cohort.protocol.End;
import dev.cohort.protocol.Evaluation;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Standing;
import dev.cohort.protocol.StandingChange;
import dev.cohort.tensor.NamedTensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** With fewer than {@code elastic.min} contributors the step stays open. */
class PauseTest {
    private static final long LONG_MS = 20 * Cohort.DEADLINE_MS;

    /** Only P1 lives on; what is published meanwhile. */
    private static List<Message> alone(Coordinator coordinator) {
        List<Message> published = new ArrayList<>();
        for (long nowMs = 1; nowMs <= LONG_MS; nowMs += Cohort.GONE_AFTER_MS / 3) {
            published.addAll(send(coordinator, nowMs, heartbeat(P1, 0)));
        }
        return published;
    }

    @Test
    void theStepStaysOpenUntilEnoughAreThereAndIsNotSkipped() {
        Coordinator coordinator = started(OnLoss.DROP);
        send(coordinator, 0, batch(1), prediction(P1, 1, 1));

        assertThat(only(Outcome.class, alone(coordinator))).isEmpty();
        assertThat(coordinator.status(LONG_MS).paused()).isTrue();

        send(coordinator, LONG_MS, joining(P2, 2), heartbeat(P1, 0));
        assertThat(coordinator.status(LONG_MS).paused()).isFalse();
        assertThat(contributors(outcome(send(coordinator, LONG_MS + 1, prediction(P2, 1, 2)))))
                .containsExactly(P1, P2);
    }

    @Test
    void oneContributorIsEnoughWhereOneIsAskedFor() {
        Coordinator coordinator = Cohort.coordinator("c1", "mean_logit", OnLoss.DROP, new Elastic(1, 4, 0, 0, 0));
        for (PeerId peer : List.of(P1, P2, P3)) {
            send(coordinator, 0, joining(peer, 1));
        }
        send(coordinator, 0, batch(1), prediction(P1, 1, 1));

        assertThat(only(Outcome.class, alone(coordinator))).isNotEmpty();
        assertThat(coordinator.status(LONG_MS).paused()).isFalse();
    }

    /** It has answered the step when there were enough, and waits for its outcome ever since. */
    @Test
    void aNewcomerThatHasAnsweredTheOpenStepIsAdmittedWhenOthersLeaveAfterwards() {
        PeerId newcomer = new PeerId("n1");
        Coordinator coordinator = Cohort.coordinator("c1", "mean_logit", OnLoss.DROP, new Elastic(2, 4, 0, 50, 0.9));
        for (PeerId peer : List.of(P1, P2, P3, newcomer)) {
            send(coordinator, 0, joining(peer, 1));
        }
        send(coordinator, 1, batch(1), prediction(newcomer, 1, 1), prediction(P1, 1, 1));

        List<Message> messages = send(
                coordinator,
                2,
                new Left(P2, 1, "drained: enough", Optional.empty()),
                new Left(Cohort.P3, 1, "drained: enough", Optional.empty()));

        assertThat(contributors(outcome(messages))).containsExactly(P1, newcomer);
    }

    @Test
    void aStopEndsAPausedRunWithTheBatchesThatAreOut() {
        Coordinator coordinator = started(OnLoss.DROP);
        send(coordinator, 0, batch(1), prediction(P1, 1, 1));
        alone(coordinator);
        assertThat(coordinator.status(LONG_MS).waitingBecause())
                .contains("paused", "elastic.min is 2", "p2 gone", "p3 gone");

        List<Message> messages = send(
                coordinator, LONG_MS, new Command(Command.Kind.STOP, Optional.empty(), "enough"), new End(1, "enough"));

        Outcome last = outcome(messages);
        send(coordinator, LONG_MS, last, new Left(P1, 1, Left.FINISHED, Optional.empty()));
        assertThat(coordinator.applied()).isEqualTo(1);
        coordinator.onDeadline(2 * LONG_MS);
        assertThat(coordinator.finished()).isTrue();
    }

    @Test
    void aStopDoesNotWaitForLostPeersThatAreHeldFor() {
        Coordinator coordinator = started(OnLoss.HOLD);
        send(coordinator, 0, batch(1), prediction(P1, 1, 1), prediction(P2, 1, 1));
        alone(coordinator);

        assertThat(only(
                        Outcome.class,
                        send(coordinator, LONG_MS, new Command(Command.Kind.STOP, Optional.empty(), "enough"))))
                .hasSize(1);
    }

    /** The launcher waits for a newcomer until the log says that it left or is gone. */
    @Test
    void aNewcomerThatIsLostAtTheEndIsSaidToBeGoneBeforeTheCoordinatorEnds() {
        PeerId newcomer = new PeerId("n1");
        Coordinator coordinator = Cohort.coordinator("c1", "dml", OnLoss.DROP, new Elastic(2, 4, 0, 50, 0.9));
        for (PeerId peer : List.of(P1, P2, P3, Cohort.CONTROL, newcomer)) {
            send(coordinator, 0, joining(peer, 1));
        }
        Outcome last = outcome(
                send(coordinator, 1, batch(1), prediction(P1, 1, 1), prediction(P2, 1, 1), prediction(P3, 1, 1)));
        send(coordinator, 1, new End(1, "planned"), last);
        for (PeerId peer : List.of(P1, P2, P3, Cohort.CONTROL)) {
            Optional<Left.Result> result = Optional.of(new Left.Result(1, 1, 0.5, 1, 0, Cohort.images(1)));
            send(coordinator, 2, new Left(peer, 1, Left.FINISHED, result));
            send(
                    coordinator,
                    2,
                    new Evaluation(
                            1, 0, true, peer.value(), 0.5, 0.5, NamedTensors.of("logits", Cohort.logits(0.5, 2, 2))));
        }

        List<StandingChange> said = new ArrayList<>();
        for (long nowMs = 3; nowMs < LONG_MS && !coordinator.finished(); nowMs++) {
            said.addAll(only(StandingChange.class, coordinator.onDeadline(nowMs)));
        }

        assertThat(coordinator.finished()).isTrue();
        assertThat(said).anyMatch(c -> c.peer().equals(newcomer) && c.standing() == Standing.GONE);
    }
}
