package dev.cohort.study.view;

import static dev.cohort.study.view.SampleRun.CONTROL;
import static dev.cohort.study.view.SampleRun.P1;
import static dev.cohort.study.view.SampleRun.P2;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.protocol.Command;
import dev.cohort.protocol.End;
import dev.cohort.protocol.Evaluation;
import dev.cohort.protocol.Fingerprint;
import dev.cohort.protocol.Heartbeat;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.PeerState;
import dev.cohort.protocol.Rejection;
import dev.cohort.protocol.Standing;
import dev.cohort.protocol.StandingChange;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RunViewTest {
    private final RunView view = SampleRun.view();

    private PeerView peer(PeerId id) {
        return view.peers().stream().filter(p -> p.id().equals(id)).findFirst().orElseThrow();
    }

    @Test
    void countsTheFirstOutcomeOfAStepOnly() {
        view.on(SampleRun.outcome(1, P1, P2), 0);
        view.on(SampleRun.skipped(1), 1);
        view.on(SampleRun.skipped(2), 2);
        view.on(SampleRun.outcome(1, P1, P2), 3);
        assertThat(view.targets()).isEqualTo(1);
        assertThat(view.skipped()).isEqualTo(1);
        assertThat(view.closedStep()).isEqualTo(2);
    }

    @Test
    void hasTheFingerprintsOfTheLog() {
        Fingerprint expected = new Fingerprint();
        for (long step = 1; step <= 3; step++) {
            view.on(SampleRun.batch(step), step);
            view.on(SampleRun.batch(step), step);
            view.on(SampleRun.outcome(step, P1, P2), step);
            expected.batch(SampleRun.batch(step));
            expected.outcome(SampleRun.outcome(step, P1, P2));
        }
        assertThat(view.planFingerprint()).isEqualTo(expected.plan());
        assertThat(view.runFingerprint()).isEqualTo(expected.run());
    }

    @Test
    void takesTheEnsembleFromMeanProbabilitiesOfTheLearners() {
        // Image 1: p1 predicts class 0 with 0.88, p2 class 1 with 0.95, so the mean is right with class 1.
        view.on(SampleRun.evaluation("p1", 0, 0.5, 2, 0, 2, 0, 2, 0, 0, 1), 0);
        view.on(SampleRun.evaluation("p2", 0, 0.5, 2, 0, 0, 3, 0, 1, 0, 3), 0);
        // If it were counted, every image would be of class 1.
        view.on(SampleRun.evaluation("control", 0, 0.5, 0, 99, 0, 99, 0, 99, 0, 99), 0);
        assertThat(view.ensembleAccuracy()).hasValue(1.0);
        assertThat(view.ensembleSize(0)).isEqualTo(2);
    }

    @Test
    void leavesOutOfTheEnsembleAPeerThatNoOutcomeNames() {
        double[] wrong = {0, 9, 9, 0, 0, 9, 9, 0};
        double[] right = {2, 0, 0, 2, 2, 0, 0, 2};
        view.on(SampleRun.evaluation("p1", 0, 1, right), 0);
        view.on(SampleRun.evaluation("guest", 0, 0, wrong), 0);
        view.on(SampleRun.evaluation("p2", 0, 0, wrong), 0);

        view.on(SampleRun.outcome(1, P1), 1);

        assertThat(view.ensembleAccuracy(0)).hasValue(1);
        assertThat(view.ensembleSize(0)).isEqualTo(1);
        assertThat(view.ensembleMembers()).isEqualTo(1);
        assertThat(view.ensembleAccuracy())
                .as("a peer that is not a member is not awaited")
                .hasValue(1);
    }

    @Test
    void showsTheEnsembleOnlyWhereAllLearnersWereTested() {
        view.on(SampleRun.evaluation("p1", 0, 0.5, 2, 0, 2, 0, 2, 0, 2, 0), 0);
        assertThat(view.ensembleAccuracy()).isEmpty();
        view.on(SampleRun.evaluation("p2", 0, 0.5, 2, 0, 2, 0, 2, 0, 2, 0), 0);
        view.on(SampleRun.evaluation("p1", 1, 1, 2, 0, 0, 2, 2, 0, 0, 2), 0);
        assertThat(view.ensembleAccuracy()).hasValue(0.5);
        assertThat(view.ensembleAccuracy(1)).hasValue(1.0);
    }

    @Test
    void leavesATestInTheMiddleOfAnEpochOutOfTheEnsemble() {
        double[] wrong = {0, 9, 9, 0, 0, 9, 9, 0};
        view.on(SampleRun.evaluation("p1", 0, 0, wrong), 0);
        view.on(SampleRun.evaluationAt(4, "p2", 0, 1, 2, 0, 0, 2, 2, 0, 0, 2), 0);
        assertThat(view.ensembleSize(0)).as("p2 left at step 4").isEqualTo(1);
        view.on(SampleRun.evaluationAt(6, "p2", 0, 1, 2, 0, 0, 2, 2, 0, 0, 2), 0);
        assertThat(view.ensembleAccuracy(0)).as("p1 was tested at step 5").hasValue(1.0);
        assertThat(view.ensembleSize(0)).isEqualTo(1);
    }

    @Test
    void doesNotWaitForTheTestsOfALearnerThatIsGone() {
        view.on(SampleRun.evaluation("p1", 0, 0.5, 2, 0, 2, 0, 2, 0, 2, 0), 0);
        view.giveUp(P2, "died too often", 1);
        assertThat(view.ensembleAccuracy()).hasValue(0.5);
    }

    @Test
    void keepsTheTeachersTestsApart() {
        view.on(SampleRun.evaluation(Evaluation.TEACHER, 0, 0.9), 0);
        assertThat(view.teacherAccuracy()).hasValue(0.9);
        assertThat(view.testedEpochs()).isEmpty();
        assertThat(view.peers()).hasSize(3);
    }

    @Test
    void countsARejectionThatTwoCoordinatorsSayOnce() {
        Rejection digest = new Rejection(3, 0, P2, Rejection.Reason.DIGEST, "rendered 1234, batch says 5678");
        view.on(digest, 0);
        view.on(digest, 1);
        view.on(new Rejection(4, 0, P2, Rejection.Reason.NOT_FINITE, "logit 7 is NaN"), 2);
        assertThat(view.rejected()).isEqualTo(2);
        assertThat(view.digestMismatches()).isEqualTo(1);
        assertThat(peer(P2).rejections()).isEqualTo(2);
    }

    @Test
    void followsAPeerThatComesBackWithItsNextIncarnation() {
        view.on(SampleRun.joining(P1, 1, 0), 0);
        view.on(new Left(P1, 1, "drained", Optional.empty()), 1);
        assertThat(peer(P1).ended()).isTrue();
        view.on(SampleRun.joining(P1, 2, 4), 2);
        assertThat(peer(P1).ended()).isFalse();
        assertThat(peer(P1).step()).isEqualTo(4);
        assertThat(view.events())
                .extracting(RunView.Event::what)
                .contains("rejoined (start 2) with the weights of step 4");
    }

    @Test
    void noticesAPeerThatIsBackWhoseHeartbeatCameFirst() {
        view.on(SampleRun.joining(P1, 1, 0), 0);
        view.on(new Heartbeat(P1, 2, PeerState.JOINING, 4, Heartbeat.Figures.NONE), 1);
        view.on(SampleRun.joining(P1, 2, 4), 2);
        view.on(SampleRun.joining(P1, 2, 4), 3);
        assertThat(view.events())
                .extracting(RunView.Event::what)
                .containsExactly("joined", "rejoined (start 2) with the weights of step 4");
    }

    @Test
    void ignoresAHeartbeatOfAnEarlierIncarnation() {
        view.on(SampleRun.joining(P1, 2, 4), 0);
        view.on(SampleRun.heartbeat(P1, PeerState.EVALUATING, 9), 1);
        assertThat(peer(P1).step()).isEqualTo(4);
        assertThat(peer(P1).state()).contains(PeerState.JOINING);
    }

    @Test
    void showsAPeerThatTheExperimentDoesNotName() {
        view.on(SampleRun.joining(new PeerId("guest"), 1, 0), 0);
        assertThat(view.learners()).extracting(p -> p.id().value()).containsExactly("p1", "p2", "guest");
        assertThat(peer(new PeerId("guest")).model()).isEqualTo("resnet8");
    }

    @Test
    void keepsTheNewestEvents() {
        for (int i = 1; i <= Events.KEPT_MAX + 3; i++) {
            view.note(i, "p1", "event " + i);
        }

        assertThat(view.events())
                .hasSize(Events.KEPT_MAX)
                .extracting(RunView.Event::what)
                .startsWith("event 4")
                .endsWith("event " + (Events.KEPT_MAX + 3));
        assertThat(view.eventsForgotten()).isEqualTo(3);
    }

    @Test
    void notesAPeerThatStopsContributing() {
        view.on(SampleRun.outcome(1, P1, P2), 0);
        view.on(SampleRun.outcome(2, P1), 0);
        assertThat(view.events()).extracting(RunView.Event::what).contains("does not contribute from step 2");
        assertThat(view.contributing()).containsExactly(P1);
    }

    @Test
    void doesNotWaitForAPeerOfTheParentThatIsNotStarted() {
        PeerId guest = new PeerId("guest");
        view.on(SampleRun.outcome(1, P1, P2, guest), 0);
        List.of(P1, P2, CONTROL).forEach(peer -> view.on(SampleRun.finished(peer, 0.5), 1));
        assertThat(view.ended()).isTrue();
    }

    @Test
    void waitsForAGuestUntilItIsLost() {
        PeerId guest = new PeerId("guest");
        view.on(SampleRun.joining(guest, 1, 0), 0);
        List.of(P1, P2, CONTROL).forEach(peer -> view.on(SampleRun.finished(peer, 0.5), 1));
        assertThat(view.ended()).isFalse();
        view.on(new StandingChange(guest, 1, Standing.LIVE, 1, "admitted"), 2);
        assertThat(view.ended()).isFalse();
        view.on(new StandingChange(guest, 1, Standing.GONE, 1, "no heartbeat"), 3);
        assertThat(view.ended()).isTrue();
    }

    @Test
    void endsOnceEveryPeerIncludingControlHasEnded() {
        view.on(SampleRun.finished(P1, 0.5), 0);
        view.on(SampleRun.finished(P2, 0.5), 0);
        assertThat(view.ended()).isFalse();
        view.on(SampleRun.finished(CONTROL, 0.5), 0);
        assertThat(view.ended()).isTrue();
    }

    @Test
    void learnsOfAnEarlierEndAndOfAnAbort() {
        view.on(new End(7, "asked to stop"), 0);
        assertThat(view.stepsPlanned()).isEqualTo(7);
        view.on(new Command(Command.Kind.ABORT, Optional.empty(), "p2 did not come"), 0);
        assertThat(view.aborted()).contains("p2 did not come");
    }

    @Test
    void keepsTheLossOfEveryStepFromTheReportsInPredictions() {
        for (long step = 1; step <= 4; step++) {
            view.on(SampleRun.prediction(P1, step), step);
            view.on(SampleRun.prediction(P1, step), step);
        }
        assertThat(peer(P1).crossEntropy().points())
                .containsExactly(new Curve.Point(1, 1.0), new Curve.Point(2, 2.0 / 3), new Curve.Point(3, 0.5));
    }
}
