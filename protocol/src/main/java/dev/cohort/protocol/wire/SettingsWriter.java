package dev.cohort.protocol.wire;

import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Settings;
import dev.cohort.protocol.wire.proto.Wire;

/** Encodes the settings of a manifest. */
final class SettingsWriter {
    private SettingsWriter() {}

    static Wire.Settings settings(Settings s) {
        return Wire.Settings.newBuilder()
                .setBatches(Wire.Settings.Batches.newBuilder()
                        .setSeed(s.batches().seed())
                        .setBatchSize(s.batches().batchSize())
                        .setStepsPerEpoch(s.batches().stepsPerEpoch())
                        .setPixels(s.batches().pixels())
                        .setValidation(s.batches().validation()))
                .setSeats(seats(s.seats()))
                .setPublished(Wire.Settings.Published.newBuilder()
                        .setMethod(s.published().method())
                        .setDistils(s.published().distils())
                        .addAllTensors(s.published().tensors())
                        .setLogits(WireWriter.type(s.published().logits()))
                        .setFeatures(WireWriter.type(s.published().features()))
                        .setMaps(WireWriter.type(s.published().maps()))
                        .setEvaluationLogits(s.published().evaluationLogits()))
                .setOptimizer(optimizer(s.optimizer()))
                .setOwnTeacher(Wire.Settings.OwnTeacher.newBuilder()
                        .setKind(s.ownTeacher().kind())
                        .setDecayMax(s.ownTeacher().decayMax())
                        .setEverySteps(s.ownTeacher().everySteps())
                        .setTemperature(s.ownTeacher().temperature())
                        .setBranches(s.ownTeacher().branches()))
                .setPace(Wire.Settings.Pace.newBuilder()
                        .setGoneAfterMs(s.pace().goneAfterMs())
                        .setDeadlineMs(s.pace().deadlineMs())
                        .setEvaluationMs(s.pace().evaluationMs())
                        .setHeartbeatMs(s.pace().heartbeatMs())
                        .setResendMs(s.pace().resendMs())
                        .setCheckpointSteps(s.pace().checkpointSteps()))
                .build();
    }

    private static Wire.Settings.Seats.Builder seats(Settings.Seats s) {
        return Wire.Settings.Seats.newBuilder()
                .addAllContributors(s.contributors().stream().map(PeerId::value).toList())
                .addAllObservers(s.observers().stream().map(PeerId::value).toList())
                .setSlots(s.slots())
                .setContributorsMin(s.contributorsMin())
                .setAdmitAfterSteps(s.admitAfterSteps())
                .setAdmitAccuracyRatio(s.admitAccuracyRatio())
                .setCooldownMs(s.cooldownMs());
    }

    private static Wire.Settings.Optimizer.Builder optimizer(Settings.Optimizer o) {
        Wire.Settings.Optimizer.Builder wire = Wire.Settings.Optimizer.newBuilder()
                .setRule(o.rule())
                .setLearningRate(o.rate().base())
                .setWeightDecay(o.weightDecay())
                .setMomentum(o.momentum())
                .setNesterov(o.nesterov())
                .setBeta1(o.beta1())
                .setBeta2(o.beta2())
                .setEpsilon(o.epsilon())
                .setSchedule(o.rate().schedule())
                .addAllMilestones(o.rate().milestones())
                .setGamma(o.rate().gamma())
                .setWarmupEpochs(o.rate().warmupEpochs());
        o.clipNorm().ifPresent(wire::setClipNorm);
        o.averageDecay().ifPresent(wire::setAverageDecay);
        return wire;
    }
}
