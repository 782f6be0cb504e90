package dev.cohort.launch;

import dev.cohort.coordinator.process.RunTeacher;
import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.OwnTeacher;
import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.UpdateRule;
import dev.cohort.experiment.WeightUpdate;
import dev.cohort.peer.process.PeerProcess;
import dev.cohort.protocol.Manifest;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Settings;
import dev.cohort.protocol.TensorName;
import dev.cohort.runtime.session.RunSchedule;
import java.util.List;
import java.util.Locale;
import java.util.SortedSet;
import java.util.TreeSet;

/** Derives what a peer of another program needs from an experiment: the one place where its settings get their values. */
final class PeerSettings {
    private PeerSettings() {}

    /** @param manifest of the run, with or without settings */
    static Settings of(Experiment experiment, Manifest manifest) {
        Teacher teacher = RunTeacher.of(manifest, experiment);
        Experiment.Pace pace = experiment.pace();
        return new Settings(
                new Settings.Batches(
                        experiment.run().seed(),
                        experiment.run().batchSize(),
                        RunSchedule.stepsPerEpoch(experiment, manifest),
                        experiment.data().mode() == Experiment.Data.Delivery.PIXELS,
                        experiment.data().validation().orElse(0)),
                seats(experiment),
                new Settings.Published(
                        experiment.method().name(),
                        teacher.distils(),
                        tensors(experiment, teacher),
                        experiment.wire().logits(),
                        experiment.wire().features(),
                        experiment.wire().maps(),
                        experiment.recording().evaluationLogits()),
                optimizer(experiment.optimizer()),
                ownTeacher(teacher.ownTeacher()),
                new Settings.Pace(
                        pace.goneAfterMs(),
                        pace.deadlineMs(),
                        pace.evaluationMs(),
                        PeerProcess.HEARTBEAT_MS,
                        PeerProcess.RESEND_MS,
                        experiment.recording().checkpointSteps()));
    }

    private static Settings.Seats seats(Experiment experiment) {
        Experiment.Elastic elastic = experiment.elastic();
        List<PeerId> observers = experiment.peers().stream()
                .filter(Experiment.Peer::control)
                .map(Experiment.Peer::id)
                .toList();
        return new Settings.Seats(
                experiment.contributors().stream().map(Experiment.Peer::id).toList(),
                observers,
                elastic.max(),
                elastic.min(),
                elastic.admitAfterSteps(),
                elastic.admitAccuracyRatio(),
                elastic.cooldownMs());
    }

    private static List<String> tensors(Experiment experiment, Teacher teacher) {
        SortedSet<String> tensors = new TreeSet<>(teacher.reads());
        if (experiment.recording().features() == Experiment.Recording.Features.ALWAYS) {
            tensors.add(TensorName.FEATURES);
        }
        return List.copyOf(tensors);
    }

    private static Settings.Optimizer optimizer(Experiment.Optimizer optimizer) {
        Experiment.Schedule schedule = optimizer.schedule();
        Settings.Rate rate = new Settings.Rate(
                optimizer.learningRate(),
                schedule.kind().name().toLowerCase(Locale.ROOT),
                schedule.milestones(),
                schedule.gamma(),
                schedule.warmupEpochs());
        WeightUpdate update = optimizer.update();
        UpdateRule.Sgd sgd = update.rule() instanceof UpdateRule.Sgd rule ? rule : UpdateRule.Sgd.PLAIN;
        boolean adam = update.rule() instanceof UpdateRule.AdamW;
        UpdateRule.AdamW adamw = update.rule() instanceof UpdateRule.AdamW rule ? rule : new UpdateRule.AdamW(0, 0, 1);
        return new Settings.Optimizer(
                update.rule().word(),
                update.weightDecay(),
                sgd.momentum(),
                sgd.nesterov(),
                adamw.beta1(),
                adamw.beta2(),
                adam ? adamw.epsilon() : 0,
                update.clipNorm(),
                update.averageDecay(),
                rate);
    }

    private static Settings.OwnTeacher ownTeacher(OwnTeacher own) {
        if (own instanceof OwnTeacher.Average average) {
            return new Settings.OwnTeacher("average", average.decayMax(), 0, 0, 0);
        } else if (own instanceof OwnTeacher.Stale stale) {
            return new Settings.OwnTeacher("stale", 0, stale.everySteps(), 0, 0);
        } else if (own instanceof OwnTeacher.Others others) {
            return new Settings.OwnTeacher("others", 0, others.everySteps(), others.temperature(), 0);
        } else if (own instanceof OwnTeacher.Branches branches) {
            return new Settings.OwnTeacher("branches", 0, 0, 0, branches.count());
        }
        return new Settings.OwnTeacher(own instanceof OwnTeacher.Frozen ? "frozen" : "none", 0, 0, 0, 0);
    }
}
