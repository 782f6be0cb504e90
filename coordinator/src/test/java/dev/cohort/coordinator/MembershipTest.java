package dev.cohort.coordinator;

import static dev.cohort.coordinator.Cohort.P1;
import static dev.cohort.coordinator.Cohort.only;
import static dev.cohort.coordinator.Cohort.started;
import static dev.cohort.coordinator.Cohort.tell;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.cohort.experiment.Experiment.Pace.OnLoss;
import dev.cohort.protocol.Admitted;
import dev.cohort.protocol.Heartbeat;
import dev.cohort.protocol.Joining;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.PeerState;
import dev.cohort.protocol.Standing;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Hasher;
import org.junit.jupiter.api.Test;

class MembershipTest {
    private static final Digest OTHER_DATA = new Hasher().text("other data").digest();

    private final Coordinator coordinator = started(OnLoss.DROP);

    private Admitted answer(Joining joining) {
        return only(Admitted.class, tell(coordinator, 50, joining)).get(0);
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
        assertThat(answer(newcomer("wide", 4, Cohort.DATA)).refusal()).contains("width 4", "takes 3");
        answer(newcomer("last", 3, Cohort.DATA));
        assertThat(answer(newcomer("surplus", 3, Cohort.DATA)).refusal()).contains("no seat", "elastic.max");
    }

    @Test
    void doesNotWaitForAPeerThatStartedAnewWhicheverOfItsWordsComesFirst() {
        Heartbeat first = new Heartbeat(Cohort.P3, 2, PeerState.JOINING, 0, Heartbeat.Figures.NONE);

        tell(coordinator, 50, first);

        assertThat(coordinator.status(50).members())
                .filteredOn(m -> m.peer().equals(Cohort.P3))
                .extracting(Member::standing, Member::why)
                .containsExactly(tuple(Standing.LAGGING, "start 2"));
    }
}
