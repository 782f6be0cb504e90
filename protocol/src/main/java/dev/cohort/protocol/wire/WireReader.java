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
import dev.cohort.protocol.Manifest;
import dev.cohort.protocol.MapShapes;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Normalisation;
import dev.cohort.protocol.PeerState;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.Rejection;
import dev.cohort.protocol.StepReport;
import dev.cohort.protocol.TensorPiece;
import dev.cohort.protocol.TensorReference;
import dev.cohort.protocol.TestImages;
import dev.cohort.protocol.wire.proto.Wire;
import dev.cohort.tensor.Ints;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;

/** Turns parsed envelopes into messages; refuses invalid ones. */
final class WireReader {
    private final Checks checks;
    private final BatchReader batches;
    private final OutcomeReader outcomes;
    private final SnapshotReader snapshots;
    private final MembersReader members;
    private final SettingsReader settings;

    WireReader(Checks checks) {
        this.checks = checks;
        this.batches = new BatchReader(checks);
        this.outcomes = new OutcomeReader(checks);
        this.snapshots = new SnapshotReader(checks);
        this.members = new MembersReader(checks);
        this.settings = new SettingsReader(checks);
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
            case TENSOR_PIECE -> piece(envelope.getTensorPiece());
            case BODY_NOT_SET -> throw new Refusal(Reason.BAD_VALUE, "body missing or of unknown kind");
        };
    }

    /**
     * The stand-in for a refused prediction, without its tensors; empty when the record is no prediction, or its peer or step is
     * invalid.
     */
    Optional<Prediction> standIn(Wire.Envelope envelope, Reason reason, String detail) {
        Wire.Prediction p = envelope.getPrediction();
        try {
            return !envelope.hasPrediction()
                    ? Optional.empty()
                    : Optional.of(Prediction.unreadable(
                            p.getStep(),
                            p.getPart(),
                            checks.peer(p.getPeer()),
                            p.getIncarnation(),
                            p.getVersion(),
                            new Prediction.Flaw(rejection(reason), detail)));
        } catch (IllegalArgumentException e) {
            // The refusal already has its reason.
            return Optional.empty();
        }
    }

    private static Rejection.Reason rejection(Reason reason) {
        return switch (reason) {
            case NOT_FINITE -> Rejection.Reason.NOT_FINITE;
            case BAD_TENSOR -> Rejection.Reason.SHAPE;
            case MALFORMED, OVERSIZED, WRONG_RUN, FUTURE_VERSION, PAST_VERSION, BAD_VALUE -> Rejection.Reason.MALFORMED;
        };
    }

    private Manifest manifest(Wire.Manifest m) {
        return new Manifest(
                m.getProtocolVersion(),
                m.getExperiment(),
                m.getClasses(),
                shape(m.getImage()),
                new Normalisation(m.getMeanList(), m.getDeviationList()),
                checks.digest(m.getDataDigest(), "data digest"),
                m.getTrainImages(),
                checks.ints(m.getTestLabelsCount(), m::getTestLabels),
                checks.ints(m.getValidationLabelsCount(), m::getValidationLabels),
                checks.ints(m.getFeatureWidthsCount(), m::getFeatureWidths),
                mapShapes(m.getMapsList()),
                m.getSteps(),
                m.hasParent() ? Optional.of(parent(m.getParent())) : Optional.empty(),
                m.hasSettings() ? Optional.of(settings.settings(m.getSettings())) : Optional.empty());
    }

    private MapShapes mapShapes(List<Wire.MapShapes> named) {
        SortedMap<String, List<Ints>> maps = new TreeMap<>();
        for (Wire.MapShapes one : named) {
            List<Ints> slots = checks.list(one.getSlotsCount(), slot -> checks.ints(one.getSlots(slot)));
            if (maps.put(one.getName(), slots) != null) {
                throw twice(one.getName());
            }
        }
        return new MapShapes(maps);
    }

    private static Refusal twice(String map) {
        return new Refusal(Reason.BAD_VALUE, "feature map " + map + ": must appear once");
    }

    private Manifest.Parent parent(Wire.Parent p) {
        return new Manifest.Parent(
                p.getRun(),
                p.getStep(),
                checks.digest(p.getFingerprint(), "fingerprint of the parent"),
                manifest(p.getManifest()));
    }

    private static ImageShape shape(Wire.ImageShape image) {
        return new ImageShape(image.getHeight(), image.getWidth(), image.getChannels());
    }

    private TestImages testImages(Wire.TestImages t) {
        return new TestImages(
                t.getFirst(),
                t.getTotal(),
                new Images(t.getCount(), shape(t.getImage()), t.getPixels().asReadOnlyByteBuffer()));
    }

    private End end(Wire.End e) {
        return new End(e.getLastStep(), checks.forPeople(e.getReason(), "reason"));
    }

    private Prediction prediction(Wire.Prediction p) {
        return new Prediction(
                p.getStep(),
                p.getPart(),
                checks.peer(p.getPeer()),
                p.getIncarnation(),
                p.getVersion(),
                checks.tensors(p.getTensorsList()),
                maps(p.getMapsList()),
                checks.digest(p.getRendered(), "digest of the rendered batch"),
                p.hasPrevious() ? Optional.of(report(p.getPrevious())) : Optional.empty());
    }

    private SortedMap<String, TensorReference> maps(List<Wire.NamedReference> named) {
        SortedMap<String, TensorReference> maps = new TreeMap<>();
        for (Wire.NamedReference one : named) {
            if (maps.put(one.getName(), checks.reference(one.getTensor(), one.getName())) != null) {
                throw twice(one.getName());
            }
        }
        return maps;
    }

    private TensorPiece piece(Wire.TensorPiece p) {
        TensorPiece.Use use = switch (p.getUse()) {
            case USE_MAP -> TensorPiece.Use.MAP;
            case USE_GRADIENT -> TensorPiece.Use.GRADIENT;
            case USE_UNSPECIFIED, UNRECOGNIZED ->
                throw new Refusal(Reason.BAD_VALUE, "unknown use of a piece " + p.getUseValue());
        };
        return new TensorPiece(
                p.getStep(),
                p.getPart(),
                checks.peer(p.getPeer()),
                p.getSlot(),
                use,
                checks.digest(p.getTensor(), "digest of a tensor"),
                p.getIndex(),
                p.getCount(),
                p.getData().asReadOnlyByteBuffer());
    }

    private StepReport report(Wire.StepReport r) {
        return new StepReport(r.getStep(), r.getCrossEntropy(), r.getDistillation(), r.getCorrect(), r.getTaught());
    }

    private Addressed addressed(Wire.Addressed a) {
        return new Addressed(
                a.getStep(), a.getPart(), checks.peer(a.getPeer()), a.getSlot(), outcomes.terms(a.getTermsList()));
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
        return new Heartbeat(
                checks.peer(h.getPeer()),
                h.getIncarnation(),
                state,
                h.getStep(),
                new Heartbeat.Figures(
                        h.getImagesPerSecond(),
                        h.getWaitShare(),
                        h.getCrossEntropy(),
                        h.getDistillation(),
                        h.getCorrect()));
    }

    private Joining joining(Wire.Joining j) {
        return new Joining(
                checks.peer(j.getPeer()),
                j.getIncarnation(),
                j.getModel(),
                j.getDevice(),
                j.getObserver(),
                j.getFeatureWidth(),
                rowShapes(j.getMapsList()),
                j.getTrainedSteps(),
                checks.digest(j.getDataDigest(), "data digest"),
                j.getTorchThreads(),
                j.getFramework().isEmpty() ? Joining.BUILT_IN : j.getFramework());
    }

    private SortedMap<String, Ints> rowShapes(List<Wire.NamedShape> named) {
        SortedMap<String, Ints> shapes = new TreeMap<>();
        for (Wire.NamedShape one : named) {
            if (shapes.put(one.getName(), checks.ints(one.getShape())) != null) {
                throw twice(one.getName());
            }
        }
        return shapes;
    }

    private Admitted admitted(Wire.Admitted a) {
        return new Admitted(
                checks.peer(a.getPeer()),
                a.getIncarnation(),
                a.getSlot(),
                a.getStep(),
                checks.forPeople(a.getRefusal(), "refusal"));
    }

    private Rejection rejection(Wire.Rejection r) {
        Rejection.Reason reason = switch (r.getReason()) {
            case REASON_DIGEST -> Rejection.Reason.DIGEST;
            case REASON_SHAPE -> Rejection.Reason.SHAPE;
            case REASON_NOT_FINITE -> Rejection.Reason.NOT_FINITE;
            case REASON_MALFORMED -> Rejection.Reason.MALFORMED;
            case REASON_PARTITION -> Rejection.Reason.PARTITION;
            case REASON_UNSPECIFIED, UNRECOGNIZED ->
                throw new Refusal(Reason.BAD_VALUE, "unknown reason of a rejection " + r.getReasonValue());
        };
        return new Rejection(
                r.getStep(), r.getPart(), checks.peer(r.getPeer()), reason, checks.forPeople(r.getDetail(), "detail"));
    }

    private Left left(Wire.Left l) {
        return new Left(
                checks.peer(l.getPeer()),
                l.getIncarnation(),
                checks.forPeople(l.getReason(), "reason"),
                l.hasResult() ? Optional.of(result(l.getResult())) : Optional.empty(),
                l.hasDivergence() ? Optional.of(divergence(l.getDivergence())) : Optional.empty());
    }

    private Left.Divergence divergence(Wire.Left.Divergence d) {
        return new Left.Divergence(d.getStep(), checks.forPeople(d.getWhat(), "divergence"));
    }

    private Left.Result result(Wire.Left.Result r) {
        return new Left.Result(
                r.getFirstStep(),
                r.getStepsTrained(),
                r.getTestAccuracy(),
                r.getImagesPerSecond(),
                r.getWaitShare(),
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
                c.hasIncarnation() ? OptionalLong.of(c.getIncarnation()) : OptionalLong.empty(),
                checks.forPeople(c.getReason(), "reason"));
    }

    private Evaluation evaluation(Wire.Evaluation e) {
        return new Evaluation(
                e.getStep(),
                e.getEpoch(),
                e.getLast(),
                e.getSource(),
                e.getAccuracy(),
                e.getCrossEntropy(),
                checks.tensors(e.getTensorsList()));
    }
}
