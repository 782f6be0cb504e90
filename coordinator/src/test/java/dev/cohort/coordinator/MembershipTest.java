package dev.cohort.coordinator;

import static dev.cohort.coordinator.Cohort.P1;
import static dev.cohort.coordinator.Cohort.allLive;
import static dev.cohort.coordinator.Cohort.only;
import static dev.cohort.coordinator.Cohort.send;
import static dev.cohort.coordinator.Cohort.started;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.cohort.coordinator.members.Member;
import dev.cohort.coordinator.members.Membership;
import dev.cohort.experiment.Experiment.Elastic;
import dev.cohort.experiment.Experiment.Pace.OnLoss;
import dev.cohort.protocol.Admitted;
import dev.cohort.protocol.Heartbeat;
import dev.cohort.protocol.Joining;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.PeerState;
import dev.cohort.protocol.Rejection;
import dev.cohort.protocol.Standing;
import dev.cohort.protocol.TensorName;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Hasher;
import dev.cohort.tensor.NamedTensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class MembershipTest {
    private static final Digest OTHER_DATA = new Hasher().text("other data").digest();

    private final Coordinator coordinator = started(OnLoss.DROP);

    private Admitted answer(Joining joining) {
        return only(Admitted.class, send(coordinator, 50, joining)).get(0);
    }

    private static Joining newcomer(String id, int featureWidth, Digest data) {
        return new Joining(new PeerId(id), 1, "resnet8", "cpu", false, featureWidth, 0, data, 1);
    }

    @Test
    void givesEachNamedPeerTheSeatOfItsPlaceInTheExperiment() {
        assertThat(answer(Cohort.joining(P1, 1)).slot()).isZero();
        assertThat(answer(Cohort.joining(Cohort.P3, 1)).slot()).isEqualTo(2);
    }

    @Test
    void givesANewcomerAFreeSeatAndKeepsItOverARestart() {
        Admitted first = answer(newcomer("late", 3, Cohort.DATA));
        Admitted again = answer(new Joining(new PeerId("late"), 2, "resnet8", "cpu", false, 3, 0, Cohort.DATA, 1));

        assertThat(first.refused()).isFalse();
        assertThat(first.slot()).isEqualTo(3);
        assertThat(again.slot()).isEqualTo(3);
        assertThat(again.incarnation()).isEqualTo(2);
    }

    @Test
    void tellsANewcomerWhichStepIsOpen() {
        assertThat(answer(newcomer("late", 3, Cohort.DATA)).step()).isEqualTo(1);
    }

    @Test
    void refusesWhoHasNoSeatOtherDataOrAnotherWidthAndSaysWhatToDo() {
        assertThat(answer(newcomer("foreign", 3, OTHER_DATA)).refusal())
                .contains(OTHER_DATA.shortHex(), Cohort.DATA.shortHex());
        answer(newcomer("last", 3, Cohort.DATA));
        assertThat(answer(newcomer("surplus", 3, Cohort.DATA)).refusal()).contains("no seat", "elastic.max");
    }

    @Test
    void refusesAnotherWidthOnlyWhereTheTeacherReadsFeatures() {
        Coordinator reads = Cohort.coordinator("c1", "one", OnLoss.DROP);
        Joining wide = new Joining(new PeerId("wide"), 1, "resnet8", "cpu", false, 4, 0, Cohort.DATA, 1);
        Joining wider = new Joining(P1, 1, "resnet8", "cpu", false, 5, 0, Cohort.DATA, 1);

        assertThat(only(Admitted.class, send(reads, 0, wide)).get(0).refusal()).contains("width 4", "takes 3");
        assertThat(only(Admitted.class, send(reads, 0, wider)).get(0).refusal())
                .as("a peer the experiment names, too")
                .contains("width 5");
        assertThat(answer(newcomer("wide", 4, Cohort.DATA)).refused()).isFalse();
    }

    @Test
    void takesBackAPeerThatWasSetAsideAfterAWhileAndBothersNobodyUntilThen() {
        Coordinator cohort = Cohort.coordinator("c1", "mean_logit", OnLoss.DROP, new Elastic(2, 4, 5_000, 0, 0));
        send(cohort, 0, Cohort.joining(P1, 1), Cohort.joining(Cohort.P2, 1), Cohort.joining(Cohort.P3, 1));
        List<Message> rejections = new ArrayList<>();
        for (long step = 1; step <= 5; step++) {
            List<Message> messages = send(
                    cohort,
                    step,
                    Cohort.batch(step),
                    Cohort.prediction(P1, step, NamedTensors.of(TensorName.LOGITS, Cohort.logits(1, 2, 2)), OTHER_DATA),
                    Cohort.prediction(Cohort.P2, step, 1),
                    Cohort.prediction(Cohort.P3, step, 1));
            rejections.addAll(only(Rejection.class, messages));
            send(cohort, step, Cohort.outcome(messages));
        }
        assertThat(rejections).hasSize(Membership.REJECTED_IN_ROW_MAX);

        allLive(cohort, 100, 1_000);
        Admitted early =
                only(Admitted.class, send(cohort, 1_000, newcomer("p1", 2))).get(0);
        assertThat(early.refusal()).contains("set aside: digest", "5000 ms", "elastic.cooldown_ms");
        allLive(cohort, 1_100, 6_000);
        assertThat(only(Admitted.class, send(cohort, 6_000, newcomer("p1", 2)))
                        .get(0)
                        .refused())
                .isFalse();
        List<Message> six = send(
                cohort,
                6_001,
                Cohort.heartbeat(Cohort.P2, 5),
                Cohort.heartbeat(Cohort.P3, 5),
                Cohort.batch(6),
                Cohort.prediction(P1, 6, 1),
                Cohort.prediction(Cohort.P2, 6, 1));
        assertThat(only(Outcome.class, six)).isEmpty();
        assertThat(Cohort.contributors(Cohort.outcome(send(cohort, 6_002, Cohort.prediction(Cohort.P3, 6, 1)))))
                .containsExactly(P1, Cohort.P2, Cohort.P3);
    }

    private static Joining newcomer(String id, long incarnation) {
        return new Joining(new PeerId(id), incarnation, "resnet8", "cpu", false, 3, 0, Cohort.DATA, 1);
    }

    private void leaves(String id) {
        send(coordinator, 60, new Left(new PeerId(id), 1, "drained", Optional.empty()));
    }

    @Test
    void givesTheSeatOfAPeerThatHasLeftToTheNextNewcomer() {
        answer(newcomer("first", 1));
        leaves("first");

        assertThat(answer(newcomer("second", 1)).slot()).isEqualTo(3);
        assertThat(answer(newcomer("third", 1)).refusal()).contains("no seat");
        assertThat(answer(newcomer("first", 2)).refusal()).contains("slot 3", "second", "join under another id");
    }

    @Test
    void givesAPeerThatComesBackTheSeatItHadIfNobodyHasIt() {
        answer(newcomer("first", 1));
        leaves("first");
        answer(newcomer("second", 1));
        leaves("second");

        assertThat(answer(newcomer("first", 2)).slot()).isEqualTo(3);
        assertThat(answer(newcomer("second", 2)).refusal()).contains("no seat");
    }

    @Test
    void keepsTheSeatOfALostPeerUntilItHadTheTimeToStart() {
        answer(newcomer("first", 1));
        long lostMs = 50 + Cohort.GONE_AFTER_MS + 1;
        Joining second = newcomer("second", 1);

        allLive(coordinator, 100, lostMs + Cohort.START_MS - Cohort.GONE_AFTER_MS);
        Admitted early = only(
                        Admitted.class, send(coordinator, lostMs + Cohort.START_MS - Cohort.GONE_AFTER_MS, second))
                .get(0);
        allLive(coordinator, lostMs + Cohort.START_MS - Cohort.GONE_AFTER_MS, lostMs + Cohort.START_MS + 100);
        Admitted late = only(Admitted.class, send(coordinator, lostMs + Cohort.START_MS + 100, second))
                .get(0);

        assertThat(early.refusal()).contains("no seat");
        assertThat(late.slot()).isEqualTo(3);
    }

    @Test
    void holdsTheSeatOfALostPeerForWhomStepsStayOpen() {
        Coordinator holding = started(OnLoss.HOLD);
        send(holding, 50, newcomer("guest", 1));
        long lateMs = 2 * Cohort.GONE_AFTER_MS + 2 * Cohort.START_MS;
        send(holding, lateMs, new Left(new PeerId("guest"), 1, "drained", Optional.empty()));

        assertThat(only(Admitted.class, send(holding, lateMs, newcomer("second", 1)))
                        .get(0)
                        .slot())
                .isEqualTo(3);
        assertThat(only(Admitted.class, send(holding, lateMs, newcomer("third", 1)))
                        .get(0)
                        .refusal())
                .contains("no seat");
    }

    @Test
    void takesTheSeatThatAnotherCoordinatorGave() {
        Admitted mine = answer(newcomer("mine", 1));
        Joining theirs = newcomer("theirs", 1);
        assertThat(answer(theirs).refused()).isTrue();

        // The other coordinator had seen the first one leave.
        send(coordinator, 70, mine, new Admitted(theirs.peer(), 1, 3, 1, ""));

        assertThat(answer(theirs).slot()).isEqualTo(3);
        assertThat(answer(newcomer("mine", 1)).refusal()).contains("no seat", "theirs");
        // Answers that a restarted coordinator repeats change nothing.
        send(coordinator, 80, mine);
        assertThat(answer(theirs).slot()).isEqualTo(3);
    }

    @Test
    void givesNoSeatToANewcomerThatTheLogHasRefused() {
        answer(newcomer("first", 1));
        Admitted refused = answer(newcomer("surplus", 1));
        leaves("first");

        // It asks again before it reads the answer; the second one seats it, but the first one counts.
        assertThat(answer(newcomer("surplus", 1)).slot()).isEqualTo(3);
        send(coordinator, 70, refused);
        assertThat(answer(newcomer("next", 1)).slot()).isEqualTo(3);
        leaves("next");
        assertThat(answer(newcomer("surplus", 1)).refused()).isTrue();
    }

    @Test
    void doesNotWaitForAPeerThatStartedAnewWhicheverOfItsWordsComesFirst() {
        Heartbeat first = new Heartbeat(Cohort.P3, 2, PeerState.JOINING, 0, Heartbeat.Figures.NONE);

        send(coordinator, 50, first);

        assertThat(coordinator.status(50).members())
                .filteredOn(m -> m.peer().equals(Cohort.P3))
                .extracting(Member::standing, Member::why)
                .containsExactly(tuple(Standing.LAGGING, "start 2"));
    }
}
