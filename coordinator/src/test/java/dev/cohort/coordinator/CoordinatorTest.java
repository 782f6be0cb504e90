package dev.cohort.coordinator;

import static dev.cohort.coordinator.Cohort.CONTROL;
import static dev.cohort.coordinator.Cohort.P1;
import static dev.cohort.coordinator.Cohort.P2;
import static dev.cohort.coordinator.Cohort.P3;
import static dev.cohort.coordinator.Cohort.allLive;
import static dev.cohort.coordinator.Cohort.batch;
import static dev.cohort.coordinator.Cohort.contributors;
import static dev.cohort.coordinator.Cohort.coordinator;
import static dev.cohort.coordinator.Cohort.heartbeat;
import static dev.cohort.coordinator.Cohort.joining;
import static dev.cohort.coordinator.Cohort.only;
import static dev.cohort.coordinator.Cohort.outcome;
import static dev.cohort.coordinator.Cohort.prediction;
import static dev.cohort.coordinator.Cohort.send;
import static dev.cohort.coordinator.Cohort.started;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cohort.coordinator.members.Member;
import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.experiment.Experiment.Pace.OnLoss;
import dev.cohort.protocol.Addressed;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Command;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.Outcome.Skipped;
import dev.cohort.protocol.Outcome.Targets;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.Rejection;
import dev.cohort.protocol.Standing;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Hasher;
import dev.cohort.tensor.NamedTensors;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class CoordinatorTest {
    private static final Digest OTHER_IMAGES = new Hasher().text("other images").digest();

    @Test
    void closesAStepWhenEverybodyHasAnswered() {
        Coordinator coordinator = started(OnLoss.DROP);
        send(coordinator, 10, batch(1));

        assertThat(only(Outcome.class, send(coordinator, 20, prediction(P1, 1, 3), prediction(P2, 1, 6))))
                .isEmpty();
        Outcome outcome = outcome(send(coordinator, 30, prediction(P3, 1, 0)));

        assertThat(contributors(outcome)).containsExactly(P1, P2, P3);
        Targets targets = (Targets) outcome.resolution();
        assertThat(targets.exact()).isTrue();
        assertThat(((Term.SoftTarget) targets.terms().get(0)).values().at(0)).isEqualTo(3);
    }

    @Test
    void proposesTheSameAgainUntilItIsInTheLog() {
        Coordinator coordinator = started(OnLoss.DROP);
        Outcome proposed = outcome(
                send(coordinator, 10, batch(1), prediction(P1, 1, 1), prediction(P2, 1, 2), prediction(P3, 1, 3)));

        assertThat(only(Outcome.class, coordinator.onDeadline(10 + Cohort.RESEND_MS - 1)))
                .isEmpty();
        assertThat(outcome(coordinator.onDeadline(10 + Cohort.RESEND_MS))).isEqualTo(proposed);
        send(coordinator, 230, proposed);

        assertThat(coordinator.applied()).isEqualTo(1);
        assertThat(only(Outcome.class, coordinator.onDeadline(10_000))).isEmpty();
    }

    @Test
    void trainsItsTeacherOnTheOutcomeInTheLogAndNotOnItsOwn() {
        Coordinator one = coordinator("c1", "one", OnLoss.DROP);
        Coordinator other = coordinator("c2", "one", OnLoss.DROP);
        for (Coordinator each : List.of(one, other)) {
            send(
                    each,
                    0,
                    joining(P1, 1),
                    joining(P2, 1),
                    joining(P3, 1),
                    batch(1),
                    prediction(P1, 1, 1),
                    prediction(P2, 1, 2));
        }
        Digest untrained = Teacher.hash(one.state());
        // The other one has given up on p3 when p3 answers after all.
        Outcome winner = outcome(allLive(other, 100, Cohort.DEADLINE_MS));
        Outcome loser = outcome(send(one, 100, prediction(P3, 1, 3)));
        assertThat(contributors(winner)).containsExactly(P1, P2);
        assertThat(contributors(loser)).containsExactly(P1, P2, P3);
        assertThat(Teacher.hash(one.state())).as("teacher after proposing").isEqualTo(untrained);

        send(one, 110, winner, loser);
        send(other, 2_000, winner, loser);

        assertThat(Teacher.hash(one.state()))
                .isEqualTo(Teacher.hash(other.state()))
                .isNotEqualTo(untrained);
    }

    @Test
    void appendsThePartsOfAnOutcomeBeforeIt() {
        Coordinator coordinator = coordinator("c1", "one", OnLoss.DROP);
        List<Message> published = send(
                coordinator,
                0,
                joining(P1, 1),
                joining(P2, 1),
                joining(P3, 1),
                batch(1),
                prediction(P1, 1, 1),
                prediction(P2, 1, 2));

        published.addAll(send(coordinator, 1, prediction(P3, 1, 3)));

        List<Addressed> parts = only(Addressed.class, published);
        Targets targets = (Targets) outcome(published).resolution();
        assertThat(parts).extracting(Addressed::peer).containsExactly(P1, P2, P3);
        assertThat(targets.addressed())
                .extracting(Outcome.Part::digest)
                .containsExactlyElementsOf(parts.stream().map(Addressed::digest).toList());
        assertThat(published.get(published.size() - 1)).isInstanceOf(Outcome.class);
    }

    @Test
    void appliesAnOutcomeOnceItHasReadWhatItNames() {
        Coordinator writer = started(OnLoss.DROP);
        Outcome written =
                outcome(send(writer, 10, batch(1), prediction(P1, 1, 1), prediction(P2, 1, 2), prediction(P3, 1, 3)));
        Coordinator reader = started(OnLoss.DROP);

        send(reader, 20, written, prediction(P1, 1, 1), prediction(P2, 1, 2), batch(1));
        assertThat(reader.applied()).isZero();
        send(reader, 30, prediction(P3, 1, 3));

        assertThat(reader.applied()).isEqualTo(1);
    }

    @Test
    void stopsWhenTheLogContradictsItsTeacher() {
        Coordinator coordinator = started(OnLoss.DROP);
        send(coordinator, 0, batch(1));
        Outcome foreign = new Outcome(1, 0, "c9", OTHER_IMAGES, List.of(), new Skipped(Outcome.SkipReason.TOO_FEW));

        assertThatThrownBy(() -> send(coordinator, 1, foreign))
                .hasMessageContaining("outcome of step 1")
                .hasMessageContaining(OTHER_IMAGES.shortHex());
    }

    @Test
    void countsTheFirstPredictionOfAPeer() {
        Coordinator coordinator = started(OnLoss.DROP);

        Outcome outcome = outcome(send(
                coordinator,
                10,
                batch(1),
                prediction(P1, 1, 3),
                prediction(P1, 1, 300),
                prediction(P2, 1, 3),
                prediction(P3, 1, 3)));

        assertThat(outcome.contributors().get(0).tensors())
                .isEqualTo(prediction(P1, 1, 3).tensors().digest());
    }

    @Test
    void goesOnWithoutAPeerThatIsSilent() {
        Coordinator coordinator = started(OnLoss.DROP);
        send(coordinator, 10, batch(1), prediction(P1, 1, 1), prediction(P2, 1, 2));
        send(coordinator, Cohort.GONE_AFTER_MS, heartbeat(P1, 0), heartbeat(P2, 0));

        assertThat(coordinator.nextDeadlineMs()).isLessThanOrEqualTo(Cohort.GONE_AFTER_MS + 1);
        Outcome outcome = outcome(coordinator.onDeadline(Cohort.GONE_AFTER_MS + 1));

        assertThat(contributors(outcome)).containsExactly(P1, P2);
        assertThat(((Targets) outcome.resolution()).exact()).isFalse();
    }

    @Test
    void holdsAStepOpenForALostPeerIfAskedToUntilItIsBackAtTheHead() {
        Coordinator coordinator = started(OnLoss.HOLD);
        send(coordinator, 10, batch(1), prediction(P1, 1, 1), prediction(P2, 1, 2));
        send(coordinator, Cohort.GONE_AFTER_MS, heartbeat(P1, 0), heartbeat(P2, 0));
        assertThat(only(Outcome.class, coordinator.onDeadline(Cohort.GONE_AFTER_MS + 1)))
                .isEmpty();

        List<Message> back = send(coordinator, 400, joining(P3, 2), heartbeat(P1, 0), heartbeat(P2, 0));
        assertThat(only(Outcome.class, back)).isEmpty();

        assertThat(contributors(outcome(send(coordinator, 410, prediction(P3, 1, 3)))))
                .containsExactly(P1, P2, P3);
    }

    @Test
    void letsALostPeerGoWhenAnOperatorDrainsIt() {
        Coordinator coordinator = started(OnLoss.HOLD);
        send(coordinator, 10, batch(1), prediction(P1, 1, 1), prediction(P2, 1, 2));
        send(coordinator, 400, heartbeat(P1, 0), heartbeat(P2, 0));

        List<Message> published = send(coordinator, 410, Command.drain(P3, 1, "does not come back"));

        assertThat(contributors(outcome(published))).containsExactly(P1, P2);
    }

    @Test
    void noLongerWaitsForALatePeerUntilItSpeaksOfTheOpenStep() {
        Coordinator coordinator = started(OnLoss.DROP);
        send(coordinator, 0, batch(1), batch(2), prediction(P1, 1, 1), prediction(P2, 1, 2));
        long lateMs = Cohort.DEADLINE_MS;
        Outcome first = outcome(allLive(coordinator, 100, lateMs));
        assertThat(contributors(first)).containsExactly(P1, P2);

        send(coordinator, lateMs + 1, first, prediction(P3, 2, 3));
        assertThat(only(Outcome.class, send(coordinator, lateMs + 2, prediction(P1, 2, 1))))
                .isEmpty();

        assertThat(contributors(outcome(send(coordinator, lateMs + 3, prediction(P2, 2, 2)))))
                .containsExactly(P1, P2, P3);
    }

    @Test
    void neverWaitsForOrCountsAnObserver() {
        Coordinator coordinator = started(OnLoss.DROP);

        Outcome outcome = outcome(send(
                coordinator,
                10,
                batch(1),
                prediction(CONTROL, 1, 9),
                prediction(P1, 1, 1),
                prediction(P2, 1, 2),
                prediction(P3, 1, 3)));

        assertThat(contributors(outcome)).doesNotContain(CONTROL);
    }

    @Test
    void asksNothingOfAnObserverButItsLogits() {
        Coordinator coordinator = coordinator("c1", "one", OnLoss.DROP);
        send(coordinator, 0, joining(P1, 1), joining(P2, 1), joining(P3, 1), joining(CONTROL, 1), batch(1));
        NamedTensors logits = NamedTensors.of(TensorName.LOGITS, Cohort.logits(1, 2, 2));

        assertThat(send(
                        coordinator,
                        1,
                        new Prediction(1, 0, CONTROL, 1, 0, logits, Cohort.images(1), Optional.empty())))
                .isEmpty();
        assertThat(only(
                        Rejection.class,
                        send(
                                coordinator,
                                2,
                                new Prediction(1, 0, P1, 1, 0, logits, Cohort.images(1), Optional.empty()))))
                .extracting(Rejection::detail)
                .containsExactly("features missing, must be [2, 3]");
    }

    @Test
    void asksForHeldOutImagesOnlyWhereAnEpochEnds() {
        Coordinator coordinator = coordinator("c1", "kdcl_general", OnLoss.DROP);
        send(coordinator, 0, joining(P1, 1), joining(P2, 1), joining(P3, 1));
        send(coordinator, 1, batch(1), prediction(P1, 1, 1), prediction(P2, 1, 2));
        Outcome first = outcome(send(coordinator, 2, prediction(P3, 1, 3)));
        assertThat(contributors(first)).hasSize(3);
        Batch plain = batch(2);
        Batch last = new Batch(2, 0, true, plain.labels(), plain.recipe(), plain.digests(), Optional.empty());

        send(coordinator, 3, first, last);

        assertThat(only(Rejection.class, send(coordinator, 4, prediction(P1, 2, 1))))
                .extracting(Rejection::detail)
                .containsExactly("validation missing, must be [0, 2]");
    }

    @Test
    void answersTheWaitWithARejectedPredictionAndTeachesNothingFromIt() {
        Coordinator coordinator = started(OnLoss.DROP);
        Prediction infinite = Prediction.unreadable(
                1, 0, P2, 1, 0, new Prediction.Flaw(Rejection.Reason.NOT_FINITE, "logits: infinite"));
        Prediction narrow =
                prediction(P2, 2, NamedTensors.of(TensorName.LOGITS, Cohort.logits(0, 2, 1)), Cohort.images(2));
        Prediction blind = prediction(P2, 3, NamedTensors.of(TensorName.LOGITS, Cohort.logits(0, 2, 2)), OTHER_IMAGES);

        for (Prediction bad : List.of(infinite, narrow, blind)) {
            long step = bad.step();
            List<Message> published =
                    send(coordinator, 10 * step, batch(step), prediction(P1, step, 1), bad, prediction(P3, step, 3));
            assertThat(only(Rejection.class, published))
                    .hasSize(1)
                    .allMatch(r -> r.peer().equals(P2));
            assertThat(contributors(outcome(published))).containsExactly(P1, P3);
            send(coordinator, 10 * step + 1, outcome(published));
        }

        assertThat(coordinator.status(40).rejections())
                .containsOnlyKeys(Rejection.Reason.NOT_FINITE, Rejection.Reason.SHAPE, Rejection.Reason.DIGEST);
        assertThat(coordinator.status(40).members())
                .filteredOn(m -> m.peer().equals(P2))
                .extracting(Member::standing)
                .containsExactly(Standing.SET_ASIDE);
    }

    @Test
    void skipsAStepForWhichTooFewAnswersAreGood() {
        Coordinator coordinator = started(OnLoss.DROP);
        NamedTensors fine = NamedTensors.of(TensorName.LOGITS, Cohort.logits(0, 2, 2));

        Outcome outcome = outcome(send(
                coordinator,
                10,
                batch(1),
                prediction(P1, 1, 1),
                prediction(P2, 1, fine, OTHER_IMAGES),
                prediction(P3, 1, fine, OTHER_IMAGES)));

        assertThat(outcome.resolution()).isEqualTo(new Skipped(Outcome.SkipReason.TOO_FEW));
        assertThat(outcome.contributors()).isEmpty();
    }

    @Test
    void waitsForAllNamedPeersBeforeTheFirstStepAndGivesUpAtTheLimit() {
        Coordinator coordinator = coordinator("c1", "mean_logit", OnLoss.DROP);
        send(coordinator, 0, joining(P1, 1), joining(P2, 1), batch(1), prediction(P1, 1, 1), prediction(P2, 1, 2));
        long limitMs = Cohort.START_MS;

        send(coordinator, limitMs - 1, heartbeat(P1, 0), heartbeat(P2, 0));
        assertThat(only(Command.class, coordinator.onDeadline(limitMs - 1))).isEmpty();
        List<Message> published = coordinator.onDeadline(limitMs);

        assertThat(only(Command.class, published)).hasSize(1).allMatch(c -> c.kind() == Command.Kind.ABORT);
        assertThat(only(Command.class, published).get(0).reason())
                .contains("p3")
                .contains("pace.start_ms");
        assertThat(coordinator.aborted()).isTrue();
    }

    @Test
    void keepsNothingOfStepsThatAreClosedOrNotPlanned() {
        Coordinator coordinator = started(OnLoss.DROP);
        send(coordinator, 0, prediction(P1, 1_000_000, 1));
        assertThat(coordinator.stepsHeld()).isZero();

        for (long step = 1; step <= 50; step++) {
            Outcome outcome = outcome(send(
                    coordinator,
                    step,
                    batch(step),
                    prediction(P1, step, 1),
                    prediction(P2, step, 2),
                    prediction(P3, step, 3)));
            send(coordinator, step, outcome, prediction(P1, step, 1), outcome);
            assertThat(coordinator.stepsHeld()).isLessThanOrEqualTo(1);
        }
    }
}
