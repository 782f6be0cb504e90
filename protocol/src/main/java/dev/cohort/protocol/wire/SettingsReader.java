package dev.cohort.protocol.wire;

import dev.cohort.protocol.Settings;
import dev.cohort.protocol.wire.proto.Wire;
import dev.cohort.tensor.DType;
import java.util.OptionalDouble;

/** Decodes the settings of a manifest. */
final class SettingsReader {
    private final Checks checks;

    SettingsReader(Checks checks) {
        this.checks = checks;
    }

    Settings settings(Wire.Settings s) {
        Wire.Settings.Batches batches = s.getBatches();
        Wire.Settings.Pace pace = s.getPace();
        return new Settings(
                new Settings.Batches(
                        batches.getSeed(),
                        batches.getBatchSize(),
                        batches.getStepsPerEpoch(),
                        batches.getPixels(),
                        batches.getValidation()),
                seats(s.getSeats()),
                published(s.getPublished()),
                optimizer(s.getOptimizer()),
                ownTeacher(s.getOwnTeacher()),
                new Settings.Pace(
                        pace.getGoneAfterMs(),
                        pace.getDeadlineMs(),
                        pace.getEvaluationMs(),
                        pace.getHeartbeatMs(),
                        pace.getResendMs(),
                        pace.getCheckpointSteps()));
    }

    private Settings.Seats seats(Wire.Settings.Seats s) {
        return new Settings.Seats(
                checks.list(s.getContributorsCount(), i -> checks.peer(s.getContributors(i))),
                checks.list(s.getObserversCount(), i -> checks.peer(s.getObservers(i))),
                s.getSlots(),
                s.getContributorsMin(),
                s.getAdmitAfterSteps(),
                s.getAdmitAccuracyRatio(),
                s.getCooldownMs());
    }

    private Settings.Published published(Wire.Settings.Published p) {
        return new Settings.Published(
                p.getMethod(),
                p.getDistils(),
                p.getTensorsList(),
                checks.type(p.getLogits(), "logits"),
                checks.type(p.getFeatures(), "features"),
                p.getMaps() == Wire.DType.DTYPE_UNSPECIFIED ? DType.FLOAT32 : checks.type(p.getMaps(), "maps"),
                p.getEvaluationLogits());
    }

    private static Settings.Optimizer optimizer(Wire.Settings.Optimizer o) {
        return new Settings.Optimizer(
                o.getRule(),
                o.getWeightDecay(),
                o.getMomentum(),
                o.getNesterov(),
                o.getBeta1(),
                o.getBeta2(),
                o.getEpsilon(),
                o.hasClipNorm() ? OptionalDouble.of(o.getClipNorm()) : OptionalDouble.empty(),
                o.hasAverageDecay() ? OptionalDouble.of(o.getAverageDecay()) : OptionalDouble.empty(),
                new Settings.Rate(
                        o.getLearningRate(),
                        o.getSchedule(),
                        o.getMilestonesList(),
                        o.getGamma(),
                        o.getWarmupEpochs()));
    }

    private static Settings.OwnTeacher ownTeacher(Wire.Settings.OwnTeacher t) {
        return new Settings.OwnTeacher(
                t.getKind(), t.getDecayMax(), t.getEverySteps(), t.getTemperature(), t.getBranches());
    }
}
