package dev.cohort.protocol.wire;

import dev.cohort.protocol.Addressed;
import dev.cohort.protocol.Admitted;
import dev.cohort.protocol.Command;
import dev.cohort.protocol.End;
import dev.cohort.protocol.Evaluation;
import dev.cohort.protocol.Heartbeat;
import dev.cohort.protocol.ImageShape;
import dev.cohort.protocol.Images;
import dev.cohort.protocol.Joining;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.Limits;
import dev.cohort.protocol.Manifest;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Normalisation;
import dev.cohort.protocol.PeerState;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.Rejection;
import dev.cohort.protocol.StepReport;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.TestImages;
import dev.cohort.protocol.wire.proto.Wire;
import dev.cohort.tensor.NamedTensors;
import java.util.Optional;
import java.util.OptionalLong;

/** Parsed envelopes to messages; refuses what no honest writer says. */
final class WireReader {
    private final Checks checks;
    private final BatchReader batches;
    private final OutcomeReader outcomes;
    private final SnapshotReader snapshots;
    private final MembersReader members;

    WireReader(Checks checks) {
        this.checks = checks;
        this.batches = new BatchReader(checks);
        this.outcomes = new OutcomeReader(checks);
        this.snapshots = new SnapshotReader(checks);
        this.members = new MembersReader(checks);
    }

    Message message(Wire.Envelope envelope) {
        return switch (envelope.getBodyCase()) {
            case MANIFEST -> manifest(envelope.getManifest());
            case BATCH -> batches.batch(envelope.getBatch());
            case END -> end(envelope.getEnd());
            case TEST_IMAGES -> testImages(envelope.getTestImages());
            case PREDICTION -> prediction(envelope.getPrediction());
            case OUTCOME -> outcomes.outcome(envelope.getOutcome());
            case ADDRESSED -> addressed(envelope.getAddressed());
            case HEARTBEAT -> heartbeat(envelope.getHeartbeat());
            case JOINING -> joining(envelope.getJoining());
            case ADMITTED -> admitted(envelope.getAdmitted());
            case LEFT -> left(envelope.getLeft());
            case COMMAND -> command(envelope.getCommand());
            case EVALUATION -> evaluation(envelope.getEvaluation());
            case SNAPSHOT -> snapshots.snapshot(envelope.getSnapshot());
            case REJECTION -> rejection(envelope.getRejection());
            case STANDING_CHANGE -> members.change(envelope.getStandingChange());
            case DRAINING -> members.draining(envelope.getDraining());
            case BODY_NOT_SET -> throw new Refusal(Reason.BAD_VALUE, "no body that this program knows");
        };
    }

    /**
     * In place of a prediction that was refused, one without its tensors; empty when this is none or does not say whose and of
     * which step.
     */
    Optional<Prediction> standIn(Wire.Envelope envelope, Reason reason, String detail) {
        Wire.Prediction p = envelope.getPrediction();
        try {
            return !envelope.hasPrediction()
                    ? Optional.empty()
                    : Optional.of(Prediction.unreadable(
                            checks.atLeast(1, p.getStep(), "step"),
                            checks.atLeast(0, p.getPart(), "part"),
                            checks.peer(p.getPeer()),
                            checks.atLeast(1, p.getIncarnation(), "incarnation"),
                            checks.atLeast(0, p.getVersion(), "version"),
                            new Prediction.Flaw(rejection(reason), detail)));
        } catch (IllegalArgumentException e) {
            // What is wrong with it was found already.
            return Optional.empty();
        }
    }

    private static Rejection.Reason rejection(Reason reason) {
        return switch (reason) {
            case NOT_FINITE -> Rejection.Reason.NOT_FINITE;
            case BAD_TENSOR -> Rejection.Reason.SHAPE;
            case MALFORMED, OVERSIZED, WRONG_RUN, FUTURE_VERSION, BAD_VALUE -> Rejection.Reason.MALFORMED;
        };
    }

    private Manifest manifest(Wire.Manifest m) {
        Limits limits = checks.limits();
        int classes = checks.atMost(limits.classesMax(), checks.atLeast(1, m.getClasses(), "classes"), "classes");
        Wire.ImageShape image = m.getImage();
        checks.atMost(limits.channelsMax(), m.getMeanCount(), "number of means");
        m.getMeanList().forEach(mean -> checks.finite(mean, "mean"));
        m.getDeviationList().forEach(deviation -> checks.notNegative(deviation, "deviation"));
        checks.atMost(limits.slotsMax(), m.getFeatureWidthsCount(), "number of feature widths");
        return new Manifest(
                checks.atLeast(1, m.getProtocolVersion(), "protocol version"),
                checks.text(m.getExperiment(), limits.textCharsMax(), "experiment"),
                classes,
                shape(image),
                new Normalisation(m.getMeanList(), m.getDeviationList()),
                checks.digest(m.getDataDigest(), "data digest"),
                checks.atLeast(0, m.getTrainImages(), "training images"),
                checks.indices(m.getTestLabelsCount(), m::getTestLabels, classes, "test label"),
                checks.indices(m.getValidationLabelsCount(), m::getValidationLabels, classes, "validation label"),
                checks.indices(m.getFeatureWidthsCount(), m::getFeatureWidths, 1L << 31, "feature width"),
                checks.atLeast(0, m.getSteps(), "steps"),
                m.hasParent() ? Optional.of(parent(m.getParent())) : Optional.empty());
    }

    private Manifest.Parent parent(Wire.Parent p) {
        return new Manifest.Parent(
                checks.text(p.getRun(), checks.limits().textCharsMax(), "run of the parent"),
                checks.atLeast(1, p.getStep(), "step of the fork"),
                checks.digest(p.getFingerprint(), "fingerprint of the parent"),
                manifest(p.getManifest()));
    }

    private ImageShape shape(Wire.ImageShape image) {
        Limits limits = checks.limits();
        return new ImageShape(
                checks.atMost(limits.imageSideMax(), image.getHeight(), "image height"),
                checks.atMost(limits.imageSideMax(), image.getWidth(), "image width"),
                checks.atMost(limits.channelsMax(), image.getChannels(), "image channels"));
    }

    private TestImages testImages(Wire.TestImages t) {
        return new TestImages(
                checks.atLeast(0, t.getFirst(), "first test image"),
                checks.atLeast(0, t.getTotal(), "number of test images"),
                new Images(
                        checks.atLeast(0, t.getCount(), "number of images"),
                        shape(t.getImage()),
                        t.getPixels().asReadOnlyByteBuffer()));
    }

    private End end(Wire.End e) {
        return new End(checks.atLeast(0, e.getLastStep(), "last step"), checks.name(e.getReason(), "reason"));
    }

    private Prediction prediction(Wire.Prediction p) {
        NamedTensors tensors = checks.tensors(p.getTensorsList());
        boolean hasLogits = tensors.find(TensorName.LOGITS)
                .filter(logits -> logits.shape().size() == 2)
                .isPresent();
        if (!hasLogits) {
            throw new Refusal(Reason.BAD_TENSOR, "prediction with tensors " + tensors + ": must have logits [B, C]");
        }
        checks.atMost(checks.limits().rowsMax(), tensors.get(TensorName.LOGITS).dimension(0), "rows of the logits");
        checks.atMost(
                checks.limits().classesMax(), tensors.get(TensorName.LOGITS).dimension(1), "classes of the logits");
        return new Prediction(
                checks.atLeast(1, p.getStep(), "step"),
                checks.atLeast(0, p.getPart(), "part"),
                checks.peer(p.getPeer()),
                checks.atLeast(1, p.getIncarnation(), "incarnation"),
                checks.atLeast(0, p.getVersion(), "version"),
                tensors,
                checks.digest(p.getRendered(), "digest of the rendered batch"),
                p.hasPrevious() ? Optional.of(report(p.getPrevious())) : Optional.empty());
    }

    private StepReport report(Wire.StepReport r) {
        return new StepReport(
                checks.atLeast(1, r.getStep(), "step of the report"),
                checks.finite(r.getCrossEntropy(), "cross-entropy"),
                checks.finite(r.getDistillation(), "distillation loss"),
                checks.share(r.getCorrect(), "share of right rows"),
                r.getTaught());
    }

    private Addressed addressed(Wire.Addressed a) {
        return new Addressed(
                checks.atLeast(1, a.getStep(), "step"),
                checks.atLeast(0, a.getPart(), "part"),
                checks.peer(a.getPeer()),
                checks.atLeast(0, a.getSlot(), "slot"),
                outcomes.terms(a.getTermsList()));
    }

    private Heartbeat heartbeat(Wire.Heartbeat h) {
        PeerState state = switch (h.getState()) {
            case PEER_STATE_JOINING -> PeerState.JOINING;
            case PEER_STATE_CATCHING_UP -> PeerState.CATCHING_UP;
            case PEER_STATE_TRAINING -> PeerState.TRAINING;
            case PEER_STATE_WAITING -> PeerState.WAITING;
            case PEER_STATE_EVALUATING -> PeerState.EVALUATING;
            case PEER_STATE_FINISHED -> PeerState.FINISHED;
            case PEER_STATE_UNSPECIFIED, UNRECOGNIZED ->
                throw new Refusal(Reason.BAD_VALUE, "unknown peer state " + h.getStateValue());
        };
        // A peer whose loss has run away still lives and says so; its predictions are what is rejected.
        return new Heartbeat(
                checks.peer(h.getPeer()),
                checks.atLeast(1, h.getIncarnation(), "incarnation"),
                state,
                checks.atLeast(0, h.getStep(), "step"),
                new Heartbeat.Figures(
                        checks.notNegative(h.getImagesPerSecond(), "images per second"),
                        checks.notNegative(h.getWaitShare(), "share of waiting"),
                        h.getCrossEntropy(),
                        h.getDistillation(),
                        checks.share(h.getCorrect(), "share of right rows")));
    }

    private Joining joining(Wire.Joining j) {
        return new Joining(
                checks.peer(j.getPeer()),
                checks.atLeast(1, j.getIncarnation(), "incarnation"),
                checks.name(j.getModel(), "model"),
                checks.name(j.getDevice(), "device"),
                j.getObserver(),
                checks.atLeast(0, j.getFeatureWidth(), "feature width"),
                checks.atLeast(0, j.getTrainedSteps(), "trained steps"),
                checks.digest(j.getDataDigest(), "data digest"),
                checks.atLeast(1, j.getTorchThreads(), "torch threads"));
    }

    private Admitted admitted(Wire.Admitted a) {
        return new Admitted(
                checks.peer(a.getPeer()),
                checks.atLeast(1, a.getIncarnation(), "incarnation"),
                checks.atLeast(a.getRefusal().isEmpty() ? 0 : -1, a.getSlot(), "slot"),
                checks.atLeast(0, a.getStep(), "step"),
                checks.name(a.getRefusal(), "refusal"));
    }

    private Rejection rejection(Wire.Rejection r) {
        Rejection.Reason reason = switch (r.getReason()) {
            case REASON_DIGEST -> Rejection.Reason.DIGEST;
            case REASON_SHAPE -> Rejection.Reason.SHAPE;
            case REASON_NOT_FINITE -> Rejection.Reason.NOT_FINITE;
            case REASON_MALFORMED -> Rejection.Reason.MALFORMED;
            case REASON_PARTITION -> Rejection.Reason.PARTITION;
            case REASON_UNSPECIFIED, UNRECOGNIZED ->
                throw new Refusal(Reason.BAD_VALUE, "unknown reason to reject " + r.getReasonValue());
        };
        return new Rejection(
                checks.atLeast(1, r.getStep(), "step"),
                checks.atLeast(0, r.getPart(), "part"),
                checks.peer(r.getPeer()),
                reason,
                checks.name(r.getDetail(), "detail"));
    }

    private Left left(Wire.Left l) {
        return new Left(
                checks.peer(l.getPeer()),
                checks.atLeast(1, l.getIncarnation(), "incarnation"),
                checks.name(l.getReason(), "reason"),
                l.hasResult() ? Optional.of(result(l.getResult())) : Optional.empty(),
                l.hasDivergence() ? Optional.of(divergence(l.getDivergence())) : Optional.empty());
    }

    private Left.Divergence divergence(Wire.Left.Divergence d) {
        return new Left.Divergence(
                checks.atLeast(1, d.getStep(), "step of the divergence"), checks.name(d.getWhat(), "divergence"));
    }

    private Left.Result result(Wire.Left.Result r) {
        return new Left.Result(
                checks.atLeast(0, r.getFirstStep(), "first step"),
                checks.atLeast(0, r.getStepsTrained(), "steps trained"),
                checks.share(r.getTestAccuracy(), "test accuracy"),
                checks.notNegative(r.getImagesPerSecond(), "images per second"),
                checks.notNegative(r.getWaitShare(), "share of waiting"),
                checks.digest(r.getWeights(), "digest of the weights"));
    }

    private Command command(Wire.Command c) {
        Command.Kind kind = switch (c.getKind()) {
            case KIND_STOP -> Command.Kind.STOP;
            case KIND_ABORT -> Command.Kind.ABORT;
            case KIND_DRAIN -> Command.Kind.DRAIN;
            case KIND_UNSPECIFIED, UNRECOGNIZED ->
                throw new Refusal(Reason.BAD_VALUE, "unknown command " + c.getKindValue());
        };
        return new Command(
                kind,
                c.hasPeer() ? Optional.of(checks.peer(c.getPeer())) : Optional.empty(),
                c.hasIncarnation()
                        ? OptionalLong.of(checks.atLeast(1, c.getIncarnation(), "incarnation"))
                        : OptionalLong.empty(),
                checks.name(c.getReason(), "reason"));
    }

    private Evaluation evaluation(Wire.Evaluation e) {
        return new Evaluation(
                checks.atLeast(0, e.getStep(), "step"),
                checks.atLeast(0, e.getEpoch(), "epoch"),
                e.getLast(),
                checks.name(e.getSource(), "source"),
                checks.share(e.getAccuracy(), "accuracy"),
                checks.finite(e.getCrossEntropy(), "cross-entropy"),
                checks.tensors(e.getTensorsList()));
    }
}
