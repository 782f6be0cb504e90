package dev.cohort.coordinator;

import static dev.cohort.coordinator.Cohort.CONTROL;
import static dev.cohort.coordinator.Cohort.P1;
import static dev.cohort.coordinator.Cohort.P2;
import static dev.cohort.coordinator.Cohort.P3;
import static dev.cohort.coordinator.Cohort.batch;
import static dev.cohort.coordinator.Cohort.contributors;
import static dev.cohort.coordinator.Cohort.only;
import static dev.cohort.coordinator.Cohort.outcome;
import static dev.cohort.coordinator.Cohort.prediction;
import static dev.cohort.coordinator.Cohort.send;
import static dev.cohort.coordinator.Cohort.started;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.coordinator.members.Membership;
import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.Experiment.Pace.OnLoss;
import dev.cohort.protocol.Command;
import dev.cohort.protocol.End;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.Rejection;
import dev.cohort.tensor.DType;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A run goes on without peers that diverged as long as it can, and ends with the reason when it cannot. */
class DivergenceTest {
    static Left diverged(PeerId peer, long step) {
        Left.Divergence divergence =
                new Left.Divergence(step, "its logits are not finite: lower optimizer.learning_rate");
        return new Left(peer, 1, divergence.toString(), Optional.empty(), Optional.of(divergence));
    }

    /** What a reader makes of a prediction that holds NaN. */
    private static Prediction unreadable(PeerId peer, long step) {
        Prediction.Flaw nan = new Prediction.Flaw(Rejection.Reason.NOT_FINITE, "logits hold NaN");
        return Prediction.unreadable(step, 0, peer, 1, step - 1, nan);
    }

    private static List<Command> aborts(List<Message> messages) {
        return only(Command.class, messages).stream()
                .filter(c -> c.kind() == Command.Kind.ABORT)
                .toList();
    }

    @Test
    void theOthersGoOnWhileThereAreEnough() {
        Coordinator coordinator = started(OnLoss.DROP);
        send(coordinator, 1, batch(1), prediction(P1, 1, 1), prediction(P2, 1, 2));

        List<Message> messages = send(coordinator, 2, diverged(P3, 1));

        assertThat(aborts(messages)).isEmpty();
        assertThat(contributors(outcome(messages))).containsExactly(P1, P2);
    }

    @Test
    void theRunEndsWhenTooFewAreLeftAndNamesThemAndTheCure() {
        Coordinator coordinator = started(OnLoss.DROP);
        send(coordinator, 1, batch(1), diverged(P3, 1));

        List<Command> aborts = aborts(send(coordinator, 2, diverged(P1, 1)));

        assertThat(aborts).hasSize(1);
        assertThat(aborts.get(0).reason())
                .contains("p1 at step 1")
                .contains("p3 at step 1")
                .contains("lower optimizer.learning_rate")
                .contains("needed: 2");
        assertThat(coordinator.status(2).waitingBecause()).contains("given up");
        assertThat(aborts(send(coordinator, 3, batch(2))))
                .as("it is published once")
                .isEmpty();
    }

    @Test
    void holdingLostPeersDoesNotHoldDivergedOnes() {
        Coordinator coordinator = started(OnLoss.HOLD);

        assertThat(aborts(send(coordinator, 1, batch(1), diverged(P1, 1), diverged(P2, 1))))
                .hasSize(1);
    }

    @Test
    void aLaterStartMayDoBetter() {
        Coordinator coordinator = started(OnLoss.DROP);
        send(coordinator, 1, batch(1), diverged(P3, 1), Cohort.joining(P3, 2));

        assertThat(aborts(send(coordinator, 2, diverged(P2, 1)))).isEmpty();
    }

    @Test
    void aControlPeerThatDivergesEndsNothing() {
        Coordinator coordinator = started(OnLoss.DROP);

        assertThat(aborts(send(coordinator, 1, batch(1), diverged(CONTROL, 1)))).isEmpty();
        assertThat(aborts(send(coordinator, 2, diverged(P1, 1), diverged(P2, 1)))
                        .get(0)
                        .reason())
                .doesNotContain("control");
    }

    @Test
    void peersThatDivergeAtTheEndHaveTrainedTheRun() {
        Coordinator coordinator = started(OnLoss.DROP);
        Outcome last = outcome(
                send(coordinator, 1, batch(1), prediction(P1, 1, 1), prediction(P2, 1, 2), prediction(P3, 1, 3)));
        send(coordinator, 2, last, new End(1, "planned"));

        assertThat(aborts(send(coordinator, 3, diverged(P1, 1), diverged(P2, 1), diverged(P3, 1))))
                .isEmpty();
        assertThat(coordinator.finished()).isFalse();
    }

    @Test
    void peersThatHaveFinishedAheadOfTheOutcomesAreNotMissing() {
        Coordinator coordinator = Cohort.coordinator("c1", "independent", OnLoss.DROP);
        send(coordinator, 0, Cohort.joining(P1, 1), Cohort.joining(P2, 1), Cohort.joining(P3, 1), batch(1));
        Left finished = new Left(P1, 1, Left.FINISHED, Optional.empty());

        assertThat(aborts(send(coordinator, 1, finished, diverged(P2, 1), diverged(P3, 1))))
                .isEmpty();
    }

    @Test
    void peersThatPublishNaNWithoutSayingSoEndTheRunToo() {
        Coordinator coordinator = started(OnLoss.DROP);
        List<Message> messages = new java.util.ArrayList<>();
        for (long step = 1; step <= Membership.REJECTED_IN_ROW_MAX; step++) {
            messages.addAll(send(
                    coordinator,
                    step,
                    batch(step),
                    unreadable(P1, step),
                    unreadable(P2, step),
                    prediction(P3, step, 1)));
            only(Outcome.class, messages).stream()
                    .reduce((one, later) -> later)
                    .ifPresent(o -> messages.addAll(send(coordinator, o.step(), o)));
        }

        assertThat(aborts(messages)).hasSize(1);
        assertThat(aborts(messages).get(0).reason())
                .contains("p1")
                .contains("p2")
                .contains("not finite");
    }

    @Test
    void skipsAStepWhoseTargetsWouldNotBeFinite() {
        Coordinator coordinator = new Coordinator(
                Cohort.setting("c1", OnLoss.DROP, new Experiment.Elastic(2, 4, 0, 0, 0), 0),
                Cohort.teacher("mean_logit", DType.FLOAT16));
        coordinator.onCaughtUp(0);
        send(coordinator, 0, Cohort.joining(P1, 1), Cohort.joining(P2, 1), Cohort.joining(P3, 1));

        // Finite, but more than a half can be.
        send(coordinator, 1, batch(1), prediction(P1, 1, 1e9), prediction(P2, 1, 1e9));
        Outcome first = outcome(send(coordinator, 2, prediction(P3, 1, 1e9)));
        send(coordinator, 3, first, batch(2), prediction(P1, 2, 1), prediction(P2, 2, 1));
        Outcome second = outcome(send(coordinator, 4, prediction(P3, 2, 1)));

        assertThat(first.resolution()).isEqualTo(new Outcome.Skipped(Outcome.SkipReason.NOT_FINITE));
        assertThat(contributors(second)).containsExactly(P1, P2, P3);
    }
}
