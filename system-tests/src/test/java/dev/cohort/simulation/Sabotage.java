package dev.cohort.simulation;

import dev.cohort.coordinator.follow.TeacherSnapshots;
import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.experiment.Experiment;
import dev.cohort.peer.CheckpointStore;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Node;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.Snapshot;
import java.util.Optional;

/** Removes a safeguard from the nodes, to check that the simulation notices. */
interface Sabotage {
    Sabotage NONE = new Sabotage() {};

    default Node coordinator(Node coordinator) {
        return coordinator;
    }

    /** @param coordinator that stands by */
    default Node standby(Node coordinator) {
        return coordinator;
    }

    /** The membership rules of a coordinator. */
    default Experiment.Elastic elastic(Experiment.Elastic asked) {
        return asked;
    }

    default Teacher teacher(Teacher teacher) {
        return teacher;
    }

    /** @param learner of that peer */
    default Node peer(Node peer, PeerPlan plan, RecordingLearner learner) {
        return peer;
    }

    /** @param disk checkpoints of a peer */
    default CheckpointStore checkpoints(CheckpointStore disk) {
        return disk;
    }

    /** Why a coordinator refuses a snapshot; empty if it resumes from it. */
    default Optional<String> objection(Snapshot snapshot, Optional<Outcome> next) {
        return TeacherSnapshots.objection(snapshot, next);
    }

    /** What is written for {@code message}, of which {@code record} is the honest form. */
    default byte[] record(Message message, byte[] record) {
        return record;
    }

    default Node augmenter(Node augmenter) {
        return augmenter;
    }
}
