package dev.cohort.study;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.protocol.Command;
import dev.cohort.protocol.Joining;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Prediction;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Hasher;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TimelineTest {
    private static final PeerId P1 = new PeerId("p1");
    private static final PeerId P2 = new PeerId("p2");
    private static final PeerId P3 = new PeerId("p3");
    private static final Digest SOME = new Hasher().text("some").digest();
    private static final long STEP_MS = 100;

    private final ListedLog log = new ListedLog(4);
    private long nowMs;

    private void append(Message message) {
        log.appendAt(nowMs, message);
    }

    private void step(long step, long tookMs, String coordinator, Speaker... speakers) {
        nowMs += tookMs;
        List<Outcome.Contributor> named = new ArrayList<>();
        for (Speaker speaker : speakers) {
            append(new Prediction(
                    step,
                    0,
                    speaker.peer,
                    speaker.incarnation,
                    step - 1,
                    NamedTensors.of("logits", Tensor.of(DType.FLOAT32, new double[] {1, 2}, 1, 2)),
                    SOME,
                    Optional.empty()));
            named.add(new Outcome.Contributor(speaker.peer, named.size(), speaker.incarnation, step - 1, SOME));
        }
        append(new Outcome(step, 0, coordinator, SOME, named, new Outcome.Skipped(Outcome.SkipReason.TOO_FEW)));
    }

    private record Speaker(PeerId peer, long incarnation) {}

    private static Speaker speaker(PeerId peer) {
        return new Speaker(peer, 1);
    }

    /** Steps 1 to 100; p3 is killed before step 40, which takes 3 s for it, and is back as its second incarnation at step 70. */
    private void runWithAKill() {
        for (long step = 1; step <= 100; step++) {
            if (step < 40) {
                step(step, STEP_MS, "c1", speaker(P1), speaker(P2), speaker(P3));
            } else if (step < 70) {
                step(step, step == 40 ? 3_000 : STEP_MS, "c1", speaker(P1), speaker(P2));
            } else {
                step(step, STEP_MS, "c1", speaker(P1), speaker(P2), new Speaker(P3, 2));
            }
            if (step == 60) {
                append(new Joining(P3, 2, "resnet8", "cpu", false, 4, 0, SOME, 1));
                append(new Joining(P3, 2, "resnet8", "cpu", false, 4, 0, SOME, 1));
            }
        }
    }

    @Test
    void hasThePeersThatLeftAndCameBack() {
        runWithAKill();

        assertThat(Timeline.of(log).events())
                .filteredOn(e -> e.step() > 1)
                .extracting(e -> e.step() + " " + e.who() + " " + e.kind() + " " + e.detail())
                .containsExactly(
                        "40 p3 MISSING no longer contributes", "61 p3 STARTS start 2", "70 p3 CONTRIBUTES contributes");
    }

    @Test
    void measuresWhatAKillCostsTheOtherPeers() {
        runWithAKill();

        List<Timeline.Change> changes = Timeline.of(log).changes(5, 20);

        assertThat(changes).hasSize(2);
        Timeline.Change kill = changes.get(0);
        assertThat(kill.survivors()).containsExactly(P1, P2);
        assertThat(kill.before()).isEqualTo(new Timeline.Spread(40, 100, 100, 100));
        assertThat(kill.during()).isEqualTo(new Timeline.Spread(22, 100, 3_000, 3_000));
        assertThat(kill.after().longestMs()).isEqualTo(100);
        assertThat(kill.outcomeLongestMs()).isEqualTo(3_000);
        Timeline.Change back = changes.get(1);
        assertThat(back.events()).hasSize(2);
        assertThat(back.outcomeLongestMs()).isEqualTo(100);
        assertThat(back.survivors()).containsExactly(P1, P2);
    }

    @Test
    void leavesStepsOfTwoLivesOut() {
        runWithAKill();

        assertThat(Timeline.of(log).steps(P3))
                .hasSize(38 + 30)
                .allSatisfy(t -> assertThat(t.ms()).isEqualTo(STEP_MS));
        assertThat(Timeline.of(log).steps(P1)).hasSize(99);
        assertThat(Timeline.of(log).steps(new PeerId("nobody"))).isEmpty();
    }

    @Test
    void hasTheCommandsOfOperatorsAndChangesOfTheCoordinator() {
        step(1, STEP_MS, "c1", speaker(P1), speaker(P2));
        append(new Command(Command.Kind.DRAIN, Optional.of(P2), "asked by an operator"));
        step(2, STEP_MS, "c1", speaker(P1), speaker(P2));
        append(new Left(P2, 1, "drained", Optional.empty()));
        step(3, STEP_MS, "c2", speaker(P1));

        assertThat(Timeline.of(log).events())
                .filteredOn(e -> e.step() > 1)
                .extracting(e -> e.step() + " " + e.who() + " " + e.kind())
                .containsExactlyInAnyOrder("2 p2 ASKED", "3 p2 LEFT", "3 p2 MISSING", "3 c2 COORDINATOR");
    }

    @Test
    void theFirstOutcomeOfAStepCounts() {
        step(1, STEP_MS, "c1", speaker(P1), speaker(P2));
        step(2, STEP_MS, "c1", speaker(P1), speaker(P2));
        step(2, 5_000, "zombie", speaker(P1));

        assertThat(Timeline.of(log).outcomes()).containsExactly(new Timeline.Took(2, STEP_MS));
        assertThat(Timeline.of(log).events()).noneMatch(e -> e.who().equals("zombie"));
    }

    @Test
    void aRunWithoutStepsHasNoTimes() {
        Timeline timeline = Timeline.of(log);

        assertThat(timeline.lastStep()).isZero();
        assertThat(timeline.changes(5, 20)).isEmpty();
        assertThat(timeline.outcomes()).isEmpty();
    }

    @Test
    void reportsWhyARunWentNoFurther() {
        step(1, STEP_MS, "c1", speaker(P1), speaker(P2));
        step(2, STEP_MS, "c1", speaker(P1), speaker(P2));
        nowMs += STEP_MS;
        append(new Left(P1, 1, "diverged at step 3", Optional.empty()));
        append(new Left(P2, 1, Left.FINISHED, Optional.empty()));
        append(new Command(Command.Kind.ABORT, Optional.empty(), "diverged: p1 at step 3"));

        Timeline timeline = Timeline.of(log);

        assertThat(timeline.changes(1, 10)).isEmpty();
        assertThat(timeline.afterTheLast())
                .extracting(Timeline.Event::detail)
                .containsExactly("diverged at step 3", "abort: diverged: p1 at step 3");
    }
}
