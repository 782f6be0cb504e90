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
import dev.cohort.protocol.Admitted;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Standing;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A coordinator that starts in a run that goes on reads the log to its end before it publishes anything. */
class CatchingUpTest {
    private static final PeerId P4 = new PeerId("p4");

    /** Three peers, {@code steps} closed steps and an open one for which all answers are there, and a newcomer without a seat. */
    private static List<Message> log(long steps) {
        Coordinator leader = started(OnLoss.DROP);
        List<Message> log = new ArrayList<>();
        for (PeerId peer : List.of(P1, P2, P3)) {
            log.add(joining(peer, 1));
            log.add(new Admitted(peer, 1, log.size() / 2, 1, ""));
        }
        for (long step = 1; step <= steps + 1; step++) {
            List<Message> answers =
                    List.of(batch(step), prediction(P1, step, 1), prediction(P2, step, 2), prediction(P3, step, 3));
            Outcome outcome = outcome(send(leader, step, answers.toArray(new Message[0])));
            log.addAll(answers);
            if (step <= steps) {
                send(leader, step, outcome);
                log.add(outcome);
            }
        }
        log.add(joining(P4, 1));
        return log;
    }

    private static Coordinator restarted() {
        return new Coordinator(
                Cohort.setting("c2", OnLoss.DROP, new Elastic(2, 4, 0, 0, 0), 0), Cohort.teacher("mean_logit"));
    }

    @Test
    void publishesNothingBeforeAndWhatIsDueAfterwards() {
        Coordinator coordinator = restarted();
        long nowMs = 50_000;
        for (Message message : log(5)) {
            assertThat(send(coordinator, nowMs, message))
                    .as("reading %s", message)
                    .isEmpty();
            nowMs += Cohort.DEADLINE_MS;
            assertThat(coordinator.onDeadline(nowMs)).isEmpty();
        }
        assertThat(coordinator.applied()).isEqualTo(5);
        assertThat(coordinator.status(nowMs).waitingBecause()).isEqualTo("still reading the log");

        List<Message> messages = coordinator.onCaughtUp(nowMs);

        assertThat(contributors(outcome(messages))).containsExactly(P1, P2, P3);
        assertThat(only(Admitted.class, messages))
                .extracting(Admitted::peer, Admitted::step)
                .containsExactly(org.assertj.core.groups.Tuple.tuple(P4, 6L));
    }

    @Test
    void takesNobodyForLostBecauseReadingTookLong() {
        Coordinator coordinator = restarted();
        log(5).forEach(message -> send(coordinator, 0, message));
        long nowMs = 100 * Cohort.GONE_AFTER_MS;

        coordinator.onCaughtUp(nowMs);

        assertThat(coordinator.status(nowMs).members())
                .filteredOn(m -> List.of(P1, P2, P3).contains(m.peer()))
                .allMatch(m -> m.standing() == Standing.LIVE);
    }

    @Test
    void theLimitOfAStartCountsFromThen() {
        Coordinator coordinator = restarted();
        send(coordinator, 0, joining(P1, 1), joining(P2, 1));
        coordinator.onCaughtUp(10 * Cohort.START_MS);
        send(coordinator, 10 * Cohort.START_MS, heartbeat(P1, 0), heartbeat(P2, 0));

        assertThat(coordinator.aborted()).isFalse();
        coordinator.onDeadline(11 * Cohort.START_MS);
        assertThat(coordinator.aborted()).isTrue();
    }

    @Test
    void asksForNoCallsWhileNothingIsDueBeforeTheFirstStep() {
        Coordinator coordinator = started(OnLoss.DROP);
        long nowMs = 10 * Cohort.START_MS;
        send(coordinator, nowMs, heartbeat(P1, 0), heartbeat(P2, 0), heartbeat(P3, 0));

        assertThat(coordinator.nextDeadlineMs()).isGreaterThan(nowMs + Cohort.RESEND_MS / 10);
    }
}
