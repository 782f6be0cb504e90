package dev.cohort.coordinator;

import static dev.cohort.coordinator.Cohort.P1;
import static dev.cohort.coordinator.Cohort.P2;
import static dev.cohort.coordinator.Cohort.P3;
import static dev.cohort.coordinator.Cohort.allLive;
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

import dev.cohort.coordinator.members.Member;
import dev.cohort.experiment.Experiment.Pace.OnLoss;
import dev.cohort.protocol.Command;
import dev.cohort.protocol.Draining;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Standing;
import dev.cohort.protocol.StandingChange;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A peer that is let go costs the others nothing, and may come back. */
class DrainTest {
    private final Coordinator coordinator = started(OnLoss.DROP);

    private Member member(PeerId peer) {
        return coordinator.status(0).members().stream()
                .filter(m -> m.peer().equals(peer))
                .findFirst()
                .orElseThrow();
    }

    private static Left left(long incarnation) {
        return new Left(P3, incarnation, "drained: enough", Optional.empty());
    }

    @Test
    void waitsForADrainedPeerThatStillAnswersTheOpenStep() {
        send(coordinator, 10, batch(1), prediction(P1, 1, 1), prediction(P2, 1, 2));

        List<Message> asked = send(coordinator, 20, Command.drain(P3, 1, "enough"), new Draining(P3, 1, 1, "drained"));

        assertThat(only(Outcome.class, asked)).isEmpty();
        assertThat(member(P3).standing()).isEqualTo(Standing.DRAINING);
        assertThat(member(P3).why()).isEqualTo("drained: enough");
        assertThat(contributors(outcome(send(coordinator, 30, prediction(P3, 1, 3)))))
                .containsExactly(P1, P2, P3);
    }

    @Test
    void doesNotWaitForAPeerThatSaysItAnswersNoMore() {
        send(coordinator, 10, batch(1), prediction(P1, 1, 1), prediction(P2, 1, 2));

        assertThat(contributors(outcome(send(coordinator, 20, new Draining(P3, 1, 0, "drained: its machine ends")))))
                .containsExactly(P1, P2);
    }

    @Test
    void waitsNoLongerThanTheDeadlineForADrainedPeerThatSaysNothing() {
        send(coordinator, 10, batch(1), prediction(P1, 1, 1), prediction(P2, 1, 2), Command.drain(P3, 1, "enough"));

        assertThat(only(Outcome.class, allLive(coordinator, 100, Cohort.DEADLINE_MS - 100)))
                .isEmpty();
        assertThat(contributors(outcome(allLive(coordinator, Cohort.DEADLINE_MS, Cohort.DEADLINE_MS + 100))))
                .containsExactly(P1, P2);
    }

    @Test
    void closesTheStepThatADrainedPeerAnsweredThoughTooFewAreLeftAfterIt() {
        send(coordinator, 0, left(1), batch(1), prediction(P1, 1, 1), Command.drain(P2, 1, "enough"));

        Outcome last = outcome(send(coordinator, 10, prediction(P2, 1, 2), new Draining(P2, 1, 1, "drained: enough")));
        assertThat(contributors(last)).containsExactly(P1, P2);

        assertThat(only(Outcome.class, send(coordinator, 20, last, batch(2), prediction(P1, 2, 1))))
                .isEmpty();
        assertThat(coordinator.status(20).paused()).isTrue();
    }

    @Test
    void waitsAgainForADrainedPeerThatJoinsAgain() {
        send(coordinator, 0, Command.drain(P3, 1, "enough"), left(1), joining(P3, 2));
        send(coordinator, 10, batch(1), prediction(P1, 1, 1), prediction(P3, 1, 3));

        assertThat(member(P3).standing()).isEqualTo(Standing.LIVE);
        assertThat(contributors(outcome(send(coordinator, 20, prediction(P2, 1, 2)))))
                .containsExactly(P1, P2, P3);
    }

    @Test
    void doesNotLetGoWhoCameBackWhicheverItReadsFirst() {
        send(coordinator, 0, left(1), joining(P3, 2), Command.drain(P3, 1, "enough"));

        assertThat(member(P3).standing()).isEqualTo(Standing.LAGGING);
    }

    @Test
    void letsGoALaterStartOfAPeerThatDiedWhileItWasDrained() {
        send(coordinator, 0, Command.drain(P3, 1, "enough"), joining(P3, 2));

        assertThat(member(P3).standing()).isEqualTo(Standing.DRAINING);
        assertThat(contributors(outcome(send(coordinator, 10, batch(1), prediction(P1, 1, 1), prediction(P2, 1, 2)))))
                .containsExactly(P1, P2);
    }

    @Test
    void saysWhatBecomesOfAPeerOnceThatHasLasted() {
        long momentMs = Cohort.RESEND_MS / 8;
        List<StandingChange> joined = only(StandingChange.class, coordinator.onDeadline(momentMs));
        assertThat(joined).extracting(StandingChange::standing).containsOnly(Standing.LIVE);
        joined.forEach(change -> send(coordinator, momentMs, change));

        assertThat(only(StandingChange.class, send(coordinator, 100, Command.drain(P3, 1, "enough"))))
                .isEmpty();
        assertThat(coordinator.nextDeadlineMs()).isLessThanOrEqualTo(100 + momentMs);
        List<StandingChange> published = only(StandingChange.class, coordinator.onDeadline(100 + momentMs));

        StandingChange draining = new StandingChange(P3, 1, Standing.DRAINING, 1, "drained: enough");
        assertThat(published).containsExactly(draining);
        send(coordinator, 200, heartbeat(P3, 0));
        assertThat(only(StandingChange.class, coordinator.onDeadline(100 + momentMs + Cohort.RESEND_MS)))
                .as("it was not read back from the log")
                .contains(draining);
        send(coordinator, 350, draining);
        assertThat(only(StandingChange.class, coordinator.onDeadline(10_000))).doesNotContain(draining);
    }

    @Test
    void saysNothingThatAnotherCoordinatorHasSaid() {
        Coordinator other = started(OnLoss.DROP);
        List<StandingChange> published = only(StandingChange.class, coordinator.onDeadline(100));
        assertThat(published).hasSize(3);

        published.forEach(change -> send(other, 10, change));

        assertThat(only(StandingChange.class, other.onDeadline(100))).isEmpty();
    }
}
