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

/** Takes a safeguard away from the nodes, to see whether the simulation notices. */
interface Sabotage {
    Sabotage NONE = new Sabotage() {};

    default Node coordinator(Node coordinator) {
        return coordinator;
    }

    /** @param coordinator that stands by */
    default Node standby(Node coordinator) {
        return coordinator;
    }

    /** What a coordinator believes about who may come and go. */
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

    /** @param disk where a peer keeps its checkpoints */
    default CheckpointStore checkpoints(CheckpointStore disk) {
        return disk;
    }

    /** Why a coordinator does not go on from a snapshot; empty if it does. */
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
