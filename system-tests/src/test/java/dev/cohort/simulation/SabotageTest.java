package dev.cohort.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.experiment.Experiment.Elastic;
import dev.cohort.peer.CheckpointStore;
import dev.cohort.protocol.Admitted;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Node;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.Snapshot;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Removes each safeguard in turn; some seed must notice. A simulation that cannot fail proves nothing. */
class SabotageTest {
    private static final int SEEDS = 150;

    /** The violation that the first seed notices; empty if none does. */
    private static Optional<String> noticed(Sabotage sabotage) {
        for (long seed = 1; seed <= SEEDS; seed++) {
            try {
                new Simulation(Draw.scenario(seed), sabotage, false).run();
            } catch (Invariant.Violation | IllegalStateException noticed) {
                return Optional.of(String.valueOf(noticed.getMessage()));
            }
        }
        return Optional.empty();
    }

    private static void assertNoticed(Sabotage sabotage, String... by) {
        Optional<String> noticed = noticed(sabotage);
        assertThat(noticed).as("what some of %d seeds say", SEEDS).isPresent();
        assertThat(List.of(by)).as("who noticed: %s", noticed.get()).anyMatch(noticed.get()::startsWith);
    }

    @Test
    void noticesATeacherThatIsTrainedWhenProposing() {
        assertNoticed(
                new Sabotage() {
                    @Override
                    public Teacher teacher(Teacher teacher) {
                        return new TeacherSaboteurs.TrainsWhenProposing(teacher);
                    }
                },
                "TeacherIsBuiltFromItsContributors",
                "CoordinatorsAgreeOnTeacherState");
    }

    @Test
    void noticesThatAbsentPeersAreCounted() {
        assertNoticed(
                new Sabotage() {
                    @Override
                    public Teacher teacher(Teacher teacher) {
                        return new TeacherSaboteurs.CountsTheAbsent(teacher);
                    }
                },
                "TeacherIsBuiltFromItsContributors");
    }

    @Test
    void noticesThatTheHashOfAPredictionIsNotCompared() {
        assertNoticed(
                new Sabotage() {
                    @Override
                    public Node peer(Node peer, PeerPlan plan, RecordingLearner learner) {
                        return new Saboteurs.IgnoresThePredictionHash(peer, plan.id());
                    }
                },
                "EveryUpdateFollowsFromTheLog");
    }

    @Test
    void noticesAPeerThatTimesOutIntoTraining() {
        assertNoticed(
                new Sabotage() {
                    @Override
                    public Node peer(Node peer, PeerPlan plan, RecordingLearner learner) {
                        return new Saboteurs.TimesOutIntoTraining(peer);
                    }
                },
                "EveryUpdateFollowsFromTheLog");
    }

    @Test
    void noticesAPeerThatTakesTheLastOutcome() {
        assertNoticed(
                new Sabotage() {
                    @Override
                    public Node peer(Node peer, PeerPlan plan, RecordingLearner learner) {
                        return new Saboteurs.LastOutcomeWins(peer);
                    }
                },
                "AllPeersSeeTheSameOutcome");
    }

    @Test
    void noticesACoordinatorThatTakesTheLastOutcome() {
        assertNoticed(
                new Sabotage() {
                    @Override
                    public Node coordinator(Node coordinator) {
                        return new Saboteurs.LastOutcomeWins(coordinator);
                    }
                },
                "TeacherIsBuiltFromItsContributors",
                "CoordinatorsAgreeOnTeacherState",
                "OneOutcomePerStep");
    }

    @Test
    void noticesAPeerThatTrainsOnRepeatedOutcomes() {
        assertNoticed(
                new Sabotage() {
                    @Override
                    public Node peer(Node peer, PeerPlan plan, RecordingLearner learner) {
                        return new Saboteurs.TrainsDuplicates(peer, learner);
                    }
                },
                "EachPeerTrainsAStepAtMostOnce");
    }

    @Test
    void noticesThatTheNewestPredictionCountsInsteadOfTheFirst() {
        assertNoticed(
                new Sabotage() {
                    @Override
                    public Node coordinator(Node coordinator) {
                        return new Saboteurs.NewestPredictionCounts(coordinator);
                    }
                },
                "TeacherIsBuiltFromItsContributors",
                "NothingRejectedIsAveraged",
                "StepsAdvanceOnceFaultsEnd");
    }

    @Test
    void noticesAnOutcomeThatComesBeforeItsParts() {
        assertNoticed(
                new Sabotage() {
                    @Override
                    public Node coordinator(Node coordinator) {
                        return new Saboteurs.SaysTheOutcomeFirst(coordinator);
                    }
                },
                "TeacherIsBuiltFromItsContributors");
    }

    @Test
    void noticesAPeerThatTrainsWithoutItsPart() {
        assertNoticed(
                new Sabotage() {
                    @Override
                    public Node peer(Node peer, PeerPlan plan, RecordingLearner learner) {
                        return new Saboteurs.DoesWithoutItsPart(peer);
                    }
                },
                "EveryUpdateFollowsFromTheLog");
    }

    @Test
    void noticesACheckpointWithoutMomentum() {
        assertNoticed(
                new Sabotage() {
                    @Override
                    public CheckpointStore checkpoints(CheckpointStore disk) {
                        return new Saboteurs.ForgetsMomentum(disk);
                    }
                },
                "EveryUpdateFollowsFromTheLog",
                "ReplayFromAnyCheckpointGivesTheSameWeights");
    }

    @Test
    void noticesACheckpointThatSaysItIsOneStepOlder() {
        assertNoticed(
                new Sabotage() {
                    @Override
                    public CheckpointStore checkpoints(CheckpointStore disk) {
                        return new Saboteurs.SaysItIsOlder(disk);
                    }
                },
                "EachPeerTrainsAStepAtMostOnce",
                "EveryUpdateFollowsFromTheLog",
                "ReplayFromAnyCheckpointGivesTheSameWeights");
    }

    @Test
    void noticesACheckpointAfterWhichReadingSkipsAnOutcome() {
        assertNoticed(
                new Sabotage() {
                    @Override
                    public CheckpointStore checkpoints(CheckpointStore disk) {
                        return new Saboteurs.SkipsAnOutcome(disk);
                    }
                },
                "StepsAdvanceOnceFaultsEnd");
    }

    @Test
    void noticesThatBatchesAreSentWithoutWaiting() {
        assertNoticed(
                new Sabotage() {
                    @Override
                    public Node augmenter(Node augmenter) {
                        return new Saboteurs.SendsWithoutWaiting(augmenter);
                    }
                },
                "InFlightIsBounded");
    }

    @Test
    void noticesThatTheDigestOfTheImagesIsNotCompared() {
        assertNoticed(
                new Sabotage() {
                    @Override
                    public Node coordinator(Node coordinator) {
                        return new Saboteurs.IgnoresTheImageDigest(coordinator);
                    }
                },
                "NothingRejectedIsAveraged",
                // Where each slot has its own view, the forged digest is the wrong one.
                "EverybodyIsHeardInTheEnd");
    }

    @Test
    void noticesThatAPredictionWhichCannotBeReadIsUsed() {
        assertNoticed(
                new Sabotage() {
                    @Override
                    public Node coordinator(Node coordinator) {
                        return new Saboteurs.IgnoresTheFlaw(coordinator);
                    }
                },
                "NothingRejectedIsAveraged");
    }

    @Test
    void noticesAWriterWhoseRecordsAreCutShort() {
        assertNoticed(
                new Sabotage() {
                    @Override
                    public byte[] record(Message message, byte[] record) {
                        return message instanceof Admitted ? Arrays.copyOf(record, record.length - 1) : record;
                    }
                },
                "EverythingSaidCanBeRead");
    }

    @Test
    void noticesAStandbyThatNeverLeads() {
        assertNoticed(
                new Sabotage() {
                    @Override
                    public Node standby(Node coordinator) {
                        return new Saboteurs.Silent(coordinator);
                    }
                },
                "StepsAdvanceOnceFaultsEnd",
                "EverybodyIsHeardInTheEnd");
    }

    @Test
    void noticesThatAPeerIsDrainedWhenItJoinsAgain() {
        assertNoticed(
                new Sabotage() {
                    @Override
                    public Node peer(Node peer, PeerPlan plan, RecordingLearner learner) {
                        return new MembershipSaboteurs.DrainsEveryStart(peer);
                    }
                },
                "StepsAdvanceOnceFaultsEnd");
    }

    @Test
    void noticesACoordinatorThatGoesOnWithTooFewPeers() {
        assertNoticed(
                new Sabotage() {
                    @Override
                    public Elastic elastic(Elastic asked) {
                        return new Elastic(
                                1,
                                asked.max(),
                                asked.cooldownMs(),
                                asked.admitAfterSteps(),
                                asked.admitAccuracyRatio());
                    }
                },
                "EnoughPeersAnswerEveryStep");
    }

    @Test
    void noticesThatSnapshotsAreNotComparedWithTheLog() {
        assertNoticed(
                new Sabotage() {
                    @Override
                    public Optional<String> objection(Snapshot snapshot, Optional<Outcome> next) {
                        return next.isPresent() ? Optional.empty() : Optional.of("not confirmed");
                    }
                },
                "CoordinatorsAgreeOnTeacherState",
                "outcome of step");
    }

    @Test
    void noticesThatTheStateOfASnapshotIsNotComparedWithItsHash() {
        assertNoticed(
                new Sabotage() {
                    @Override
                    public Optional<String> objection(Snapshot snapshot, Optional<Outcome> next) {
                        return next.filter(o -> o.stateBefore().equals(snapshot.hash()))
                                        .isPresent()
                                ? Optional.empty()
                                : Optional.of("not confirmed");
                    }
                },
                "CoordinatorsAgreeOnTeacherState",
                "outcome of step");
    }

    @Test
    void noticesASnapshotThatGoesOnTooLate() {
        assertNoticed(
                new Sabotage() {
                    @Override
                    public Node coordinator(Node coordinator) {
                        return new SnapshotSaboteurs.GoesOnTooLate(coordinator);
                    }
                },
                "StepsAdvanceOnceFaultsEnd");
    }
}
