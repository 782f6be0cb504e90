package dev.cohort.coordinator;

import static dev.cohort.coordinator.Cohort.P1;
import static dev.cohort.coordinator.Cohort.P2;
import static dev.cohort.coordinator.Cohort.P3;
import static dev.cohort.coordinator.Cohort.batch;
import static dev.cohort.coordinator.Cohort.contributors;
import static dev.cohort.coordinator.Cohort.joining;
import static dev.cohort.coordinator.Cohort.only;
import static dev.cohort.coordinator.Cohort.outcome;
import static dev.cohort.coordinator.Cohort.prediction;
import static dev.cohort.coordinator.Cohort.send;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.coordinator.members.Member;
import dev.cohort.experiment.Experiment.Elastic;
import dev.cohort.experiment.Experiment.Pace.OnLoss;
import dev.cohort.protocol.Joining;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Standing;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Fresh weights do not spoil the teacher: a newcomer contributes once it is good enough. */
class AdmissionTest {
    private static final PeerId GUEST = new PeerId("guest");
    /** Right about one of the two rows of a batch. */
    private static final double RIGHT = 1;
    /** Right about none. */
    private static final double WRONG = -1;

    private static Coordinator started(long afterSteps, double accuracyRatio) {
        Coordinator coordinator =
                Cohort.coordinator("c1", "mean_logit", OnLoss.DROP, new Elastic(2, 4, 0, afterSteps, accuracyRatio));
        for (PeerId peer : List.of(P1, P2, P3)) {
            send(coordinator, 0, joining(peer, 1));
        }
        send(coordinator, 0, joining(GUEST, 1));
        return coordinator;
    }

    private static Member guest(Coordinator coordinator) {
        return coordinator.status(0).members().stream()
                .filter(m -> m.peer().equals(GUEST))
                .findFirst()
                .orElseThrow();
    }

    /** The outcome of a step that the guest has spoken of before it is closed. */
    private static Outcome step(Coordinator coordinator, long step, double guestLogit) {
        send(coordinator, step, batch(step), prediction(GUEST, step, guestLogit));
        send(coordinator, step, prediction(P1, step, RIGHT), prediction(P2, step, RIGHT));
        Outcome outcome = outcome(send(coordinator, step, prediction(P3, step, RIGHT)));
        send(coordinator, step, outcome);
        return outcome;
    }

    @Test
    void neitherAveragesNorWaitsForANewcomerBeforeItIsAdmitted() {
        Coordinator coordinator = started(2, 0);

        assertThat(contributors(step(coordinator, 1, RIGHT))).containsExactly(P1, P2, P3);
        assertThat(guest(coordinator).standing()).isEqualTo(Standing.CANDIDATE);
        assertThat(guest(coordinator).why()).contains("fewer than 2 steps", "elastic.admit.after_steps");
        assertThat(contributors(step(coordinator, 2, RIGHT))).containsExactly(P1, P2, P3);

        assertThat(guest(coordinator).standing()).isEqualTo(Standing.LIVE);
        assertThat(contributors(step(coordinator, 3, RIGHT))).containsExactly(P1, P2, P3, GUEST);
        send(coordinator, 4, batch(4), prediction(P1, 4, RIGHT), prediction(P2, 4, RIGHT));
        assertThat(only(Outcome.class, send(coordinator, 4, prediction(P3, 4, RIGHT))))
                .as("waits for the guest")
                .isEmpty();
    }

    @Test
    void admitsANewcomerOnceItIsNearlyAsGoodAsTheContributors() {
        Coordinator coordinator = started(0, 0.8);

        step(coordinator, 1, WRONG);
        assertThat(guest(coordinator).why()).contains("0 %", "0.8 times the 50 %", "elastic.admit.accuracy_ratio");
        // Moving means of 0, 1/4, 1/3 and 3/8 are below 0.8 * 1/2; that of 2/5 is not.
        for (long step = 2; step <= 4; step++) {
            step(coordinator, step, RIGHT);
            assertThat(guest(coordinator).standing()).as("after step %d", step).isEqualTo(Standing.CANDIDATE);
        }
        step(coordinator, 5, RIGHT);

        assertThat(guest(coordinator).standing()).isEqualTo(Standing.LIVE);
        assertThat(guest(coordinator).why()).startsWith("admitted: training accuracy 40 %");
    }

    @Test
    void measuresANewcomerThatIsALittleBehindTheHead() {
        Coordinator coordinator = started(1, 0.8);
        for (long step = 1; step <= 2; step++) {
            send(coordinator, step, batch(step), prediction(P1, step, RIGHT), prediction(P2, step, RIGHT));
            Outcome closed = outcome(send(coordinator, step, prediction(P3, step, RIGHT)));
            send(coordinator, step, closed);
        }

        send(coordinator, 10, prediction(GUEST, 1, RIGHT));

        assertThat(guest(coordinator).standing()).isEqualTo(Standing.LIVE);
    }

    @Test
    void doesNotWaitForANewcomerThatIsFarBehind() {
        Coordinator coordinator = started(1, 0.8);
        for (long step = 1; step <= 6; step++) {
            send(coordinator, step, batch(step), prediction(P1, step, RIGHT), prediction(P2, step, RIGHT));
            Outcome closed = outcome(send(coordinator, step, prediction(P3, step, RIGHT)));
            send(coordinator, step, closed);
        }

        send(coordinator, 10, prediction(GUEST, 1, RIGHT));

        assertThat(guest(coordinator).standing()).isEqualTo(Standing.CANDIDATE);
        assertThat(guest(coordinator).why()).contains("steps behind the head");
    }

    @Test
    void admitsANewcomerAtOnceWhenTooFewContribute() {
        Coordinator coordinator = started(1_000, 1);
        send(coordinator, 1, new Left(P3, 1, "drained", Optional.empty()), batch(1), prediction(P1, 1, RIGHT));
        send(coordinator, 1, new Left(P2, 1, "drained", Optional.empty()));
        assertThat(coordinator.status(1).paused()).isTrue();

        Outcome outcome = outcome(send(coordinator, 2, prediction(GUEST, 1, WRONG)));

        assertThat(contributors(outcome)).containsExactly(P1, GUEST);
        assertThat(guest(coordinator).why()).contains("elastic.min");
    }

    @Test
    void believesTheLogAboutWhoContributes() {
        Coordinator lenient = started(0, 0);
        Coordinator strict = started(1_000, 1);
        for (Coordinator each : List.of(lenient, strict)) {
            send(
                    each,
                    1,
                    batch(1),
                    prediction(GUEST, 1, RIGHT),
                    prediction(P1, 1, RIGHT),
                    prediction(P2, 1, RIGHT),
                    prediction(P3, 1, RIGHT));
            Outcome first = outcome(each.onDeadline(1 + Cohort.RESEND_MS));
            send(
                    each,
                    210,
                    first,
                    batch(2),
                    prediction(GUEST, 2, RIGHT),
                    prediction(P1, 2, RIGHT),
                    prediction(P2, 2, RIGHT));
        }
        Outcome winner = outcome(send(lenient, 220, prediction(P3, 2, RIGHT)));
        assertThat(contributors(winner)).contains(GUEST);

        send(strict, 220, winner, prediction(P3, 2, RIGHT));

        assertThat(guest(strict).standing()).isEqualTo(Standing.LIVE);
    }

    @Test
    void asksANewcomerThatComesBackWithFreshWeightsToProveItselfAgain() {
        Coordinator coordinator = started(1, 0);
        step(coordinator, 1, RIGHT);
        assertThat(guest(coordinator).standing()).isEqualTo(Standing.LIVE);

        send(coordinator, 2, new Joining(GUEST, 2, "resnet8", "cpu", false, 3, 1, Cohort.DATA, 1));
        assertThat(guest(coordinator).standing()).as("from its checkpoint").isEqualTo(Standing.LAGGING);
        send(coordinator, 3, joining(GUEST, 3));

        assertThat(guest(coordinator).standing()).as("from nothing").isEqualTo(Standing.CANDIDATE);
    }
}
