package dev.cohort.coordinator;

import static dev.cohort.coordinator.Cohort.P1;
import static dev.cohort.coordinator.Cohort.P2;
import static dev.cohort.coordinator.Cohort.P3;
import static dev.cohort.coordinator.Cohort.batch;
import static dev.cohort.coordinator.Cohort.coordinator;
import static dev.cohort.coordinator.Cohort.joining;
import static dev.cohort.coordinator.Cohort.only;
import static dev.cohort.coordinator.Cohort.outcome;
import static dev.cohort.coordinator.Cohort.says;
import static dev.cohort.coordinator.Cohort.tell;
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

    private List<Message> tellStandby(long nowMs, List<? extends Message> messages) {
        List<Message> said = new ArrayList<>();
        messages.forEach(m -> said.addAll(standby.onMessage(m, nowMs)));
        return said;
    }

    /** What the leader says to {@code messages}; the standby hears both, and must keep quiet. */
    private List<Message> bothHear(long nowMs, Message... messages) {
        assertThat(tellStandby(nowMs, List.of(messages)))
                .as("what the standby says")
                .isEmpty();
        List<Message> said = tell(leader, nowMs, messages);
        assertThat(tellStandby(nowMs, said)).as("what the standby says").isEmpty();
        said.stream().filter(Outcome.class::isInstance).forEach(o -> leader.onMessage(o, nowMs));
        return said;
    }

    private void closeStepOneTogether() {
        bothHear(0, joining(P1, 1), joining(P2, 1), joining(P3, 1));
        bothHear(10, batch(1), says(P1, 1, 1), says(P2, 1, 2), says(P3, 1, 3));
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
        List<Message> step = List.of(batch(2), says(P1, 2, 1), says(P2, 2, 2), says(P3, 2, 3));
        assertThat(tellStandby(20, step)).isEmpty();
        assertThat(standby.nextDeadlineMs()).isLessThanOrEqualTo(20 + PATIENCE_MS);
        assertThat(standby.onDeadline(20 + PATIENCE_MS - 1)).isEmpty();

        List<Message> said = standby.onDeadline(20 + PATIENCE_MS);

        Outcome expected = outcome(tell(leader, 20, step.toArray(new Message[0])));
        assertThat(outcome(said).digest()).isEqualTo(expected.digest());
        assertThat(said.get(said.size() - 1)).isInstanceOf(Outcome.class);
        assertThat(only(Addressed.class, said)).hasSize(3);
        assertThat(standby.leads()).isTrue();
        assertThat(standby.takeovers()).isEqualTo(1);
    }

    @Test
    void leadsWithoutDelayOnceItHasTakenOver() {
        closeStepOneTogether();
        tellStandby(20, List.of(batch(2), says(P1, 2, 1), says(P2, 2, 2), says(P3, 2, 3)));
        tellStandby(200, standby.onDeadline(200));

        List<Message> said = tellStandby(210, List.of(batch(3), says(P1, 3, 1), says(P2, 3, 2), says(P3, 3, 3)));

        assertThat(outcome(said).step()).isEqualTo(3);
    }

    @Test
    void standsBackForACoordinatorThatIsFaster() {
        closeStepOneTogether();
        List<Message> step = List.of(batch(2), says(P1, 2, 1), says(P2, 2, 2), says(P3, 2, 3));
        tellStandby(20, step);
        standby.onDeadline(200);
        assertThat(standby.leads()).isTrue();

        tellStandby(210, only(Outcome.class, tell(leader, 205, step.toArray(new Message[0]))));

        assertThat(standby.leads()).isFalse();
        assertThat(tellStandby(220, List.of(batch(3), says(P1, 3, 1), says(P2, 3, 2), says(P3, 3, 3))))
                .isEmpty();
    }

    @Test
    void leadsOnWhenAForgottenLeaderComesSecond() {
        closeStepOneTogether();
        List<Message> step = List.of(batch(2), says(P1, 2, 1), says(P2, 2, 2), says(P3, 2, 3));
        tellStandby(20, step);
        tellStandby(210, standby.onDeadline(200));

        tellStandby(220, only(Outcome.class, tell(leader, 215, step.toArray(new Message[0]))));

        assertThat(standby.leads()).isTrue();
    }

    @Test
    void admitsAPeerThatNobodyAnswers() {
        tellStandby(0, List.of(joining(P1, 1)));

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
        List<Message> step =
                List.of(joining(P1, 1), joining(P2, 1), joining(P3, 1), batch(1), says(P1, 1, 1), says(P2, 1, 2));
        tell(leader, 10, step.toArray(new Message[0]));
        step.forEach(m -> beside.onMessage(m, 10));
        beside.onMessage(says(P3, 1, 3), 10);
        beside.onMessage(outcome(tell(leader, 10, says(P3, 1, 3))), 10);

        assertThat(keeping.applied()).isEqualTo(1);
        assertThat(beside.onDeadline(10 + 2 * PATIENCE_MS)).noneMatch(Snapshot.class::isInstance);
    }
}
