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
import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.coordinator.members.Member;
import dev.cohort.experiment.Experiment.Elastic;
import dev.cohort.experiment.Experiment.Elastic.OnLag;
import dev.cohort.experiment.Experiment.Pace.OnLoss;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Standing;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** P3 is late at step 1 and the others go on without it, up to {@code elastic.lag_max_steps}. */
class LagTest {
    private static final long LAG_MAX = 3;
    private static final long LATE_MS = Cohort.DEADLINE_MS + 100;
    private static final long STEP_MS = 10;

    private static Coordinator late(OnLag policy) {
        Coordinator coordinator = Cohort.coordinator(
                "c1", "mean_logit", OnLoss.DROP, new Elastic(2, 4, 0, 0, 0, new Elastic.Lag(LAG_MAX, policy)));
        for (PeerId peer : List.of(P1, P2, P3)) {
            send(coordinator, 0, joining(peer, 1));
        }
        send(coordinator, 0, batch(1), prediction(P1, 1, 1), prediction(P2, 1, 2));
        List<Message> published = new ArrayList<>(Cohort.allLive(coordinator, 0, LATE_MS));
        send(coordinator, LATE_MS, outcome(published));
        return coordinator;
    }

    /** What is published when both others have answered a step. */
    private static List<Outcome> step(Coordinator coordinator, long step) {
        List<Message> published =
                send(coordinator, at(step), batch(step), prediction(P1, step, 1), prediction(P2, step, 2));
        List<Outcome> outcomes = only(Outcome.class, published);
        outcomes.forEach(o -> send(coordinator, at(step), o));
        return outcomes;
    }

    private static long at(long step) {
        return LATE_MS + step * STEP_MS;
    }

    private static Member p3(Coordinator coordinator) {
        return coordinator.status(0).members().stream()
                .filter(m -> m.peer().equals(P3))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void theOthersWaitAtTheLimitUntilItGoesOn() {
        Coordinator coordinator = late(OnLag.PACE);
        send(coordinator, LATE_MS, heartbeat(P3, 1));
        for (long step = 2; step <= 1 + LAG_MAX; step++) {
            assertThat(step(coordinator, step)).hasSize(1);
        }
        long limit = 2 + LAG_MAX;

        assertThat(step(coordinator, limit)).isEmpty();
        assertThat(coordinator.status(at(limit)).waitingFor()).containsExactly(P3);
        assertThat(p3(coordinator).why()).contains("more than 3 steps behind", "elastic.on_lag: pace");

        assertThat(contributors(outcome(send(coordinator, at(limit) + 1, heartbeat(P3, 2)))))
                .containsExactly(P1, P2);
    }

    @Test
    void nobodyWaitsForAPeerThatStandsStillOrIsGone() {
        Coordinator coordinator = late(OnLag.PACE);
        // It has trained one step since it was late, and stands still now.
        long movedMs = LATE_MS;
        send(coordinator, movedMs, heartbeat(P3, 1));
        for (long step = 2; step <= 1 + LAG_MAX; step++) {
            step(coordinator, step);
        }
        assertThat(step(coordinator, 2 + LAG_MAX)).isEmpty();

        long endMs = movedMs + Cohort.DEADLINE_MS;
        List<Message> early = new ArrayList<>(live(coordinator, at(2 + LAG_MAX), endMs - 1));
        assertThat(only(Outcome.class, early)).isEmpty();
        assertThat(coordinator.nextDeadlineMs()).isLessThanOrEqualTo(endMs);
        assertThat(only(Outcome.class, coordinator.onDeadline(endMs))).hasSize(1);
    }

    /** All live on, and P3 trains nothing. */
    private static List<Message> live(Coordinator coordinator, long fromMs, long toMs) {
        List<Message> published = new ArrayList<>();
        for (long nowMs = fromMs; nowMs <= toMs; nowMs += Cohort.GONE_AFTER_MS / 3) {
            published.addAll(send(coordinator, nowMs, heartbeat(P1, 1), heartbeat(P2, 1), heartbeat(P3, 1)));
        }
        return published;
    }

    @Test
    void isExcludedBeyondTheLimitAndLetInAgainAtTheHead() {
        Coordinator coordinator = late(OnLag.EXCLUDE);
        for (long step = 2; step <= 1 + LAG_MAX; step++) {
            step(coordinator, step);
        }
        send(coordinator, at(9), heartbeat(P3, 1));
        assertThat(p3(coordinator).standing()).isEqualTo(Standing.LAGGING);
        step(coordinator, 2 + LAG_MAX);
        send(coordinator, at(9), heartbeat(P3, 1));

        assertThat(p3(coordinator).standing()).isEqualTo(Standing.CANDIDATE);
        assertThat(p3(coordinator).why()).contains("excluded: more than 3 steps behind", "elastic.lag_max_steps");

        long head = 3 + LAG_MAX;
        send(coordinator, at(head), batch(head), prediction(P3, head, 3));
        assertThat(contributors(step(coordinator, head).get(0))).containsExactly(P1, P2);
        assertThat(p3(coordinator).standing()).isEqualTo(Standing.LIVE);
        send(coordinator, at(head + 1), batch(head + 1), prediction(P3, head + 1, 3));
        assertThat(contributors(step(coordinator, head + 1).get(0))).containsExactly(P1, P2, P3);
    }

    @Test
    void mayBeBehindAsFarAsItLikesWhenNoLagIsStated() {
        Coordinator coordinator = Cohort.started(OnLoss.DROP);
        send(coordinator, 0, batch(1), prediction(P1, 1, 1), prediction(P2, 1, 2));
        send(coordinator, LATE_MS, outcome(Cohort.allLive(coordinator, 0, LATE_MS)));
        for (long step = 2; step <= 50; step++) {
            send(coordinator, LATE_MS, heartbeat(P1, step - 1), heartbeat(P3, 0));
            List<Message> published =
                    send(coordinator, LATE_MS, batch(step), prediction(P1, step, 1), prediction(P2, step, 2));
            send(coordinator, LATE_MS, outcome(published));
        }

        assertThat(p3(coordinator).standing()).isEqualTo(Standing.LAGGING);
    }
}
