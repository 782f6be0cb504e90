package dev.cohort.coordinator;

import static dev.cohort.coordinator.Cohort.P1;
import static dev.cohort.coordinator.Cohort.P2;
import static dev.cohort.coordinator.Cohort.P3;
import static dev.cohort.coordinator.Cohort.batch;
import static dev.cohort.coordinator.Cohort.joining;
import static dev.cohort.coordinator.Cohort.keeping;
import static dev.cohort.coordinator.Cohort.only;
import static dev.cohort.coordinator.Cohort.outcome;
import static dev.cohort.coordinator.Cohort.prediction;
import static dev.cohort.coordinator.Cohort.send;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.coordinator.follow.TeacherSnapshots;
import dev.cohort.coordinator.members.Member;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Positions;
import dev.cohort.protocol.Snapshot;
import dev.cohort.protocol.Standing;
import dev.cohort.protocol.StepOffsets;
import dev.cohort.protocol.Topic;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class TeacherSnapshotsTest {
    private static final PeerId NEWCOMER = new PeerId("n1");

    private static void come(Coordinator coordinator) {
        send(coordinator, 0, joining(P1, 1), joining(P2, 1), joining(P3, 1));
    }

    /** Closes a step with the votes of all; everything published meanwhile. */
    private static List<Message> step(Coordinator coordinator, long step) {
        List<Message> published = new ArrayList<>(send(
                coordinator,
                step,
                batch(step),
                prediction(P1, step, 1),
                prediction(P2, step, (double) -step),
                prediction(P3, step, 3)));
        published.addAll(send(coordinator, step, outcome(published)));
        return published;
    }

    private static Snapshot with(
            Snapshot s, SortedMap<Integer, PeerId> lastVotes, SortedMap<PeerId, Long> latestStarts) {
        return new Snapshot(s.step(), s.state(), s.hash(), lastVotes, latestStarts, s.skipped(), s.positions());
    }

    /** The snapshot after step 2 of a run, and the outcome of step 3. */
    private record Run(Snapshot snapshot, Outcome next) {
        static Run undisturbed() {
            Coordinator coordinator = keeping(2, Optional.empty());
            come(coordinator);
            step(coordinator, 1);
            Snapshot snapshot = only(Snapshot.class, step(coordinator, 2)).get(0);
            return new Run(snapshot, outcome(step(coordinator, 3)));
        }
    }

    @Test
    void keepsATeacherEverySoManySteps() {
        Coordinator coordinator = keeping(2, Optional.empty());
        come(coordinator);
        List<Message> published = new ArrayList<>();
        for (long step = 1; step <= 5; step++) {
            published.addAll(step(coordinator, step));
        }
        assertThat(only(Snapshot.class, published)).extracting(Snapshot::step).containsExactly(2L, 4L);
        assertThat(only(Snapshot.class, published))
                .allSatisfy(s -> assertThat(s.hash()).isEqualTo(s.state().digest()));
    }

    @Test
    void keepsNoneIfItIsAskedTo() {
        Coordinator never = keeping(0, Optional.empty());
        come(never);
        assertThat(only(Snapshot.class, step(never, 1))).isEmpty();
    }

    @Test
    void goesOnFromASnapshotWithTheSameOutcomes() {
        Run run = Run.undisturbed();
        Coordinator restarted = keeping(2, Optional.of(run.snapshot()));
        assertThat(restarted.applied()).isEqualTo(2);
        come(restarted);

        Outcome next = outcome(step(restarted, 3));

        assertThat(TeacherSnapshots.objection(run.snapshot(), Optional.of(run.next())))
                .isEmpty();
        assertThat(next.digest()).isEqualTo(run.next().digest());
        assertThat(next.stateBefore()).isEqualTo(run.snapshot().hash());
        assertThat(restarted.status(3).targets()).isEqualTo(3);
        assertThat(restarted.status(3).skipped()).isZero();
    }

    @Test
    void aTeacherThatLearnsNothingContinuesAtItsPlaceInTheLog() {
        Coordinator first = keeping("mean_logit", 2, Optional.empty());
        come(first);
        step(first, 1);
        Snapshot snapshot = only(Snapshot.class, step(first, 2)).get(0);
        Outcome expected = outcome(step(first, 3));
        Coordinator restarted = keeping("mean_logit", 2, Optional.of(snapshot));
        come(restarted);

        Outcome next = outcome(step(restarted, 3));

        assertThat(snapshot.state().asMap()).isEmpty();
        assertThat(TeacherSnapshots.objection(snapshot, Optional.of(expected))).isEmpty();
        assertThat(TeacherSnapshots.objection(snapshot, Optional.empty())).isPresent();
        assertThat(next.digest()).isEqualTo(expected.digest());
    }

    @Test
    void renewsTheSlotOfAPeerThatVotedBeforeTheSnapshot() {
        Run run = Run.undisturbed();
        SortedMap<Integer, PeerId> lastVotes = new TreeMap<>(run.snapshot().lastVotes());
        assertThat(lastVotes).isEqualTo(Map.of(0, P1, 1, P2, 2, P3));
        lastVotes.put(2, NEWCOMER);
        Coordinator restarted = keeping(
                2, Optional.of(with(run.snapshot(), lastVotes, run.snapshot().latestStarts())));
        come(restarted);

        assertThat(outcome(step(restarted, 3)).renewed()).isEqualTo(Ints.of(2));
    }

    @Test
    void knowsWhichNewcomersContributedBeforeTheSnapshot() {
        Run run = Run.undisturbed();
        SortedMap<PeerId, Long> latestStarts = new TreeMap<>(run.snapshot().latestStarts());
        assertThat(latestStarts).isEqualTo(Map.of(P1, 1L, P2, 1L, P3, 1L));
        assertThat(standingOfANewcomer(run.snapshot())).isEqualTo(Standing.CANDIDATE);
        latestStarts.put(NEWCOMER, 1L);
        assertThat(standingOfANewcomer(with(run.snapshot(), run.snapshot().lastVotes(), latestStarts)))
                .isNotEqualTo(Standing.CANDIDATE);
    }

    private static Standing standingOfANewcomer(Snapshot from) {
        Coordinator restarted = keeping(2, Optional.of(from));
        come(restarted);
        send(restarted, 1, joining(NEWCOMER, 1));
        return restarted.status(1).members().stream()
                .filter(m -> m.peer().equals(NEWCOMER))
                .map(Member::standing)
                .findFirst()
                .orElseThrow();
    }

    @Test
    void objectsToWhatTheLogDoesNotConfirm() {
        Run run = Run.undisturbed();
        Snapshot good = run.snapshot();
        NamedTensors other = keeping(2, Optional.empty()).state();
        Optional<Outcome> next = Optional.of(run.next());

        assertThat(TeacherSnapshots.objection(new Snapshot(2, other, good.hash()), next))
                .hasValueSatisfying(why -> assertThat(why).contains("its state has the hash", "it declares"));
        assertThat(TeacherSnapshots.objection(new Snapshot(2, good.state(), other.digest()), next))
                .hasValueSatisfying(why -> assertThat(why).contains("it declares"));
        assertThat(TeacherSnapshots.objection(new Snapshot(2, other, other.digest()), next))
                .hasValueSatisfying(why -> assertThat(why).contains("outcome of step 3 was computed from"));
        assertThat(TeacherSnapshots.objection(new Snapshot(1, good.state(), good.hash()), next))
                .hasValueSatisfying(why -> assertThat(why).contains("no outcome of step 2"));
        assertThat(TeacherSnapshots.objection(good, Optional.empty()))
                .hasValueSatisfying(why -> assertThat(why).contains("no outcome of step 3"));
    }

    @Test
    void saysWhereTheLogGoesOn() {
        StepOffsets offsets = new StepOffsets();
        offsets.seen(new Positions.Place(Topic.BATCHES, 0), 7, batch(1));
        offsets.seen(new Positions.Place(Topic.BATCHES, 0), 8, batch(2));
        offsets.seen(new Positions.Place(Topic.PREDICTIONS, 3), 20, prediction(P1, 1, 1));
        offsets.seen(new Positions.Place(Topic.PREDICTIONS, 3), 21, prediction(P1, 2, 1));
        offsets.seen(new Positions.Place(Topic.PREDICTIONS, 4), 30, prediction(P2, 1, 1));
        SnapshotPositions node = new SnapshotPositions(keeping(1, Optional.empty()), offsets);
        List<Message> published = new ArrayList<>();
        for (Message message : List.of(
                joining(P1, 1), joining(P2, 1), joining(P3, 1), batch(1), prediction(P1, 1, 1), prediction(P2, 1, 2))) {
            published.addAll(node.onMessage(message, 1));
        }
        published.addAll(node.onMessage(prediction(P3, 1, 3), 1));

        List<Message> applied = node.onMessage(outcome(published), 1);

        assertThat(only(Snapshot.class, applied))
                .singleElement()
                .satisfies(s ->
                        assertThat(s.positions().text()).isEqualTo("batches-0=7 predictions-3=21 predictions-4=31"));
    }
}
