package dev.cohort.study;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Hasher;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class EnsembleMembersTest {
    private static final Digest ANY = new Hasher().text("any").digest();
    private static final PeerId P1 = new PeerId("p1");
    private static final PeerId P2 = new PeerId("p2");
    private static final PeerId GUEST = new PeerId("guest");

    private final EnsembleMembers members = new EnsembleMembers(List.of(P1, P2));

    private static Outcome outcome(long step, PeerId... named) {
        List<Outcome.Contributor> contributors = Arrays.stream(named)
                .map(peer -> new Outcome.Contributor(peer, 0, 1, step - 1, ANY))
                .toList();
        return new Outcome(step, 0, "c1", ANY, contributors, new Outcome.Targets(1, List.of(), List.of(), true));
    }

    @Test
    void countsAPeerFromTheFirstStepThatNamesIt() {
        members.take(outcome(1, P1));
        members.take(outcome(5, P1, GUEST));

        assertThat(members.counts(P1, 1)).isTrue();
        assertThat(members.counts(P2, 9)).as("never named").isFalse();
        assertThat(members.counts(GUEST, 4)).isFalse();
        assertThat(members.counts(GUEST, 5)).isTrue();
        assertThat(members.count(4)).isEqualTo(1);
        assertThat(members.count(5)).isEqualTo(2);
    }

    @Test
    void countsThePeersOfTheExperimentIfNoOutcomeNamesAny() {
        members.take(outcome(1));

        assertThat(members.counts(P1, 1)).isTrue();
        assertThat(members.counts(P2, 1)).isTrue();
        assertThat(members.counts(GUEST, 1)).isFalse();
    }

    @Test
    void takesOutcomesInAnyOrderAndReportsChanges() {
        assertThat(members.take(outcome(5, P1))).isTrue();
        assertThat(members.take(outcome(6, P1))).isFalse();
        assertThat(members.take(outcome(2, P1))).isTrue();

        assertThat(members.counts(P1, 2)).isTrue();
    }
}
