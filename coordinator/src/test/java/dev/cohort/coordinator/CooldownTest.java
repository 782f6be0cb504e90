package dev.cohort.coordinator;

import static dev.cohort.coordinator.Cohort.P1;
import static dev.cohort.coordinator.Cohort.P2;
import static dev.cohort.coordinator.Cohort.P3;
import static dev.cohort.coordinator.Cohort.batch;
import static dev.cohort.coordinator.Cohort.contributors;
import static dev.cohort.coordinator.Cohort.heartbeat;
import static dev.cohort.coordinator.Cohort.joining;
import static dev.cohort.coordinator.Cohort.outcome;
import static dev.cohort.coordinator.Cohort.prediction;
import static dev.cohort.coordinator.Cohort.send;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.coordinator.members.Member;
import dev.cohort.experiment.Experiment.Elastic;
import dev.cohort.experiment.Experiment.Pace.OnLoss;
import dev.cohort.protocol.Heartbeat;
import dev.cohort.protocol.PeerState;
import dev.cohort.protocol.Standing;
import org.junit.jupiter.api.Test;

/** A peer that is lost again and again is not waited for before it has been back for a while. */
class CooldownTest {
    private static final long COOLDOWN_MS = 100;

    private final Coordinator coordinator = started(OnLoss.DROP);
    private long incarnation = 1;
    private long step = 1;

    private static Coordinator started(OnLoss onLoss) {
        Coordinator coordinator = Cohort.coordinator("c1", "mean_logit", onLoss, new Elastic(2, 4, COOLDOWN_MS, 0, 0));
        send(coordinator, 0, joining(P1, 1), joining(P2, 1), joining(P3, 1));
        return coordinator;
    }

    private static Member p3(Coordinator coordinator) {
        return coordinator.status(0).members().stream()
                .filter(m -> m.peer().equals(P3))
                .findFirst()
                .orElseThrow();
    }

    /** The peer dies while it is awaited, returns at once, and publishes for the open step {@code laterMs} later. */
    private Member losesP3(Coordinator of, long nowMs, long laterMs) {
        incarnation++;
        send(of, nowMs, batch(step), new Heartbeat(P3, incarnation, PeerState.JOINING, 0, Heartbeat.Figures.NONE));
        send(of, nowMs, joining(P3, incarnation));
        send(of, nowMs + laterMs, prediction(P3, step, 1), prediction(P1, step, 1));
        Member then = p3(of);
        send(of, nowMs + laterMs, outcome(send(of, nowMs + laterMs, prediction(P2, step, 1))));
        step++;
        return then;
    }

    @Test
    void forgivesOneLoss() {
        assertThat(losesP3(coordinator, 10, 1).standing()).isEqualTo(Standing.LIVE);
    }

    @Test
    void doublesTheTimeWithEachFurtherLoss() {
        losesP3(coordinator, 10, 1);

        Member second = losesP3(coordinator, 20, COOLDOWN_MS - 1);
        assertThat(second.standing()).isEqualTo(Standing.LAGGING);
        assertThat(second.why()).contains("lost 2 times", "100 ms", "elastic.cooldown_ms");
        send(coordinator, 130, batch(step), prediction(P3, step, 1));
        assertThat(p3(coordinator).standing()).isEqualTo(Standing.LIVE);
        send(coordinator, 130, prediction(P1, step, 1));
        send(coordinator, 130, outcome(send(coordinator, 130, prediction(P2, step, 1))));
        step++;

        assertThat(losesP3(coordinator, 140, 2 * COOLDOWN_MS - 1).standing()).isEqualTo(Standing.LAGGING);
    }

    @Test
    void usesWhatACoolingPeerSaysInTimeWithoutWaitingForIt() {
        losesP3(coordinator, 10, 1);
        losesP3(coordinator, 20, 1);

        send(coordinator, 30, batch(step), prediction(P3, step, 1), prediction(P1, step, 1));
        assertThat(contributors(outcome(send(coordinator, 30, prediction(P2, step, 1)))))
                .containsExactly(P1, P2, P3);
    }

    @Test
    void forgetsLossesAfterALongSteadyTime() {
        losesP3(coordinator, 10, 1);
        long steadyMs = 64 * COOLDOWN_MS;
        for (long nowMs = 100; nowMs <= steadyMs + 100; nowMs += 100) {
            Heartbeat alive = new Heartbeat(P3, incarnation, PeerState.TRAINING, 0, Heartbeat.Figures.NONE);
            send(coordinator, nowMs, heartbeat(P1, 0), heartbeat(P2, 0), alive);
        }

        assertThat(losesP3(coordinator, steadyMs + 110, 1).standing()).isEqualTo(Standing.LIVE);
    }

    @Test
    void waitsForAFlappingPeerAllTheSameWhereLostOnesAreHeld() {
        Coordinator holding = started(OnLoss.HOLD);
        losesP3(holding, 10, 1);

        assertThat(losesP3(holding, 20, 1).standing()).isEqualTo(Standing.LIVE);
    }
}
