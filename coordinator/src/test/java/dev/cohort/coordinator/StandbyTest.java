package dev.cohort.coordinator;

import static dev.cohort.coordinator.Cohort.P1;
import static dev.cohort.coordinator.Cohort.P2;
import static dev.cohort.coordinator.Cohort.P3;
import static dev.cohort.coordinator.Cohort.batch;
import static dev.cohort.coordinator.Cohort.coordinator;
import static dev.cohort.coordinator.Cohort.joining;
import static dev.cohort.coordinator.Cohort.only;
import static dev.cohort.coordinator.Cohort.outcome;
import static dev.cohort.coordinator.Cohort.prediction;
import static dev.cohort.coordinator.Cohort.send;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cohort.coordinator.speak.Standby;
import dev.cohort.experiment.Experiment.Pace.OnLoss;
import dev.cohort.protocol.Addressed;
import dev.cohort.protocol.Admitted;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.Snapshot;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class StandbyTest {
    private static final long PATIENCE_MS = 150;

    private final Coordinator leader = coordinator("leader", "one", OnLoss.DROP);
    private final Coordinator follower = coordinator("standby", "one", OnLoss.DROP);
    private final Standby standby = new Standby(follower, "standby", PATIENCE_MS);

    private List<Message> sendStandby(long nowMs, List<? extends Message> messages) {
        List<Message> published = new ArrayList<>();
        messages.forEach(m -> published.addAll(standby.onMessage(m, nowMs)));
        return published;
    }

    /** Messages of the leader after {@code messages}; the standby reads both and must publish nothing. */
    private List<Message> sendBoth(long nowMs, Message... messages) {
        assertThat(sendStandby(nowMs, List.of(messages)))
                .as("messages of the standby")
                .isEmpty();
        List<Message> published = send(leader, nowMs, messages);
        assertThat(sendStandby(nowMs, published)).as("messages of the standby").isEmpty();
        published.stream().filter(Outcome.class::isInstance).forEach(o -> leader.onMessage(o, nowMs));
        return published;
    }

    private void closeStepOneTogether() {
        sendBoth(0, joining(P1, 1), joining(P2, 1), joining(P3, 1));
        sendBoth(10, batch(1), prediction(P1, 1, 1), prediction(P2, 1, 2), prediction(P3, 1, 3));
        assertThat(follower.applied()).isEqualTo(1);
    }

    @Test
    void keepsQuietWhileAnotherOneSpeaks() {
        closeStepOneTogether();

        assertThat(standby.onDeadline(10 + 2 * PATIENCE_MS)).isEmpty();
        assertThat(standby.leads()).isFalse();
        assertThat(standby.withheld()).isZero();
    }

    @Test
    void saysTheSameOutcomeWithItsPartsWhenNobodyElseDoes() {
        closeStepOneTogether();
        List<Message> step = List.of(batch(2), prediction(P1, 2, 1), prediction(P2, 2, 2), prediction(P3, 2, 3));
        assertThat(sendStandby(20, step)).isEmpty();
        assertThat(standby.nextDeadlineMs()).isLessThanOrEqualTo(20 + PATIENCE_MS);
        assertThat(standby.onDeadline(20 + PATIENCE_MS - 1)).isEmpty();

        List<Message> published = standby.onDeadline(20 + PATIENCE_MS);

        Outcome expected = outcome(send(leader, 20, step.toArray(new Message[0])));
        assertThat(outcome(published).digest()).isEqualTo(expected.digest());
        assertThat(published.get(published.size() - 1)).isInstanceOf(Outcome.class);
        assertThat(only(Addressed.class, published)).hasSize(3);
        assertThat(standby.leads()).isTrue();
        assertThat(standby.takeovers()).isEqualTo(1);
    }

    @Test
    void leadsWithoutDelayOnceItHasTakenOver() {
        closeStepOneTogether();
        sendStandby(20, List.of(batch(2), prediction(P1, 2, 1), prediction(P2, 2, 2), prediction(P3, 2, 3)));
        sendStandby(200, standby.onDeadline(200));

        List<Message> published =
                sendStandby(210, List.of(batch(3), prediction(P1, 3, 1), prediction(P2, 3, 2), prediction(P3, 3, 3)));

        assertThat(outcome(published).step()).isEqualTo(3);
    }

    @Test
    void standsBackForACoordinatorThatIsFaster() {
        closeStepOneTogether();
        List<Message> step = List.of(batch(2), prediction(P1, 2, 1), prediction(P2, 2, 2), prediction(P3, 2, 3));
        sendStandby(20, step);
        standby.onDeadline(200);
        assertThat(standby.leads()).isTrue();

        sendStandby(210, only(Outcome.class, send(leader, 205, step.toArray(new Message[0]))));

        assertThat(standby.leads()).isFalse();
        assertThat(sendStandby(
                        220, List.of(batch(3), prediction(P1, 3, 1), prediction(P2, 3, 2), prediction(P3, 3, 3))))
                .isEmpty();
    }

    @Test
    void leadsOnWhenAForgottenLeaderComesSecond() {
        closeStepOneTogether();
        List<Message> step = List.of(batch(2), prediction(P1, 2, 1), prediction(P2, 2, 2), prediction(P3, 2, 3));
        sendStandby(20, step);
        sendStandby(210, standby.onDeadline(200));

        sendStandby(220, only(Outcome.class, send(leader, 215, step.toArray(new Message[0]))));

        assertThat(standby.leads()).isTrue();
    }

    @Test
    void admitsAPeerThatNobodyAnswers() {
        sendStandby(0, List.of(joining(P1, 1)));

        assertThat(only(Admitted.class, standby.onDeadline(PATIENCE_MS)))
                .extracting(Admitted::peer)
                .containsExactly(P1);
    }

    @Test
    void refusesToHaveNoPatience() {
        assertThatThrownBy(() -> new Standby(follower, "standby", 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("patience 0 ms");
    }

    @Test
    void keepsNoSnapshotsForLater() {
        Coordinator keeping = Cohort.keeping(1, Optional.empty());
        Standby beside = new Standby(keeping, "standby", PATIENCE_MS);
        List<Message> step = List.of(
                joining(P1, 1), joining(P2, 1), joining(P3, 1), batch(1), prediction(P1, 1, 1), prediction(P2, 1, 2));
        send(leader, 10, step.toArray(new Message[0]));
        step.forEach(m -> beside.onMessage(m, 10));
        beside.onMessage(prediction(P3, 1, 3), 10);
        beside.onMessage(outcome(send(leader, 10, prediction(P3, 1, 3))), 10);

        assertThat(keeping.applied()).isEqualTo(1);
        assertThat(beside.onDeadline(10 + 2 * PATIENCE_MS)).noneMatch(Snapshot.class::isInstance);
    }
}
