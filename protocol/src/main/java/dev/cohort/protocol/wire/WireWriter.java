package dev.cohort.protocol.wire;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.cohort.protocol.Addressed;
import dev.cohort.protocol.Admitted;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Command;
import dev.cohort.protocol.Draining;
import dev.cohort.protocol.End;
import dev.cohort.protocol.Evaluation;
import dev.cohort.protocol.Heartbeat;
import dev.cohort.protocol.ImageShape;
import dev.cohort.protocol.Joining;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.Manifest;
import dev.cohort.protocol.MapShapes;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.Rejection;
import dev.cohort.protocol.Snapshot;
import dev.cohort.protocol.StandingChange;
import dev.cohort.protocol.StepReport;
import dev.cohort.protocol.TensorPiece;
import dev.cohort.protocol.TensorReference;
import dev.cohort.protocol.TestImages;
import dev.cohort.protocol.wire.proto.Wire;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.List;

/** Turns messages into envelopes. Tensors and pixels are copied once, when the envelope becomes bytes. */
final class WireWriter {
    private WireWriter() {}

    static void write(Message message, Wire.Envelope.Builder envelope) {
        if (message instanceof Manifest manifest) {
            envelope.setManifest(manifest(manifest));
        } else if (message instanceof Batch batch) {
            envelope.setBatch(BatchWriter.batch(batch));
        } else if (message instanceof TestImages images) {
            envelope.setTestImages(testImages(images));
        } else if (message instanceof End end) {
            envelope.setEnd(Wire.End.newBuilder().setLastStep(end.lastStep()).setReason(end.reason()));
        } else if (message instanceof Prediction prediction) {
            envelope.setPrediction(prediction(prediction));
        } else if (message instanceof Outcome outcome) {
            envelope.setOutcome(OutcomeWriter.outcome(outcome));
        } else if (message instanceof Addressed addressed) {
            envelope.setAddressed(OutcomeWriter.addressed(addressed));
        } else if (message instanceof TensorPiece piece) {
            envelope.setTensorPiece(piece(piece));
        } else if (message instanceof Heartbeat heartbeat) {
            envelope.setHeartbeat(heartbeat(heartbeat));
        } else if (message instanceof Joining joining) {
            envelope.setJoining(joining(joining));
        } else if (message instanceof Admitted admitted) {
            envelope.setAdmitted(admitted(admitted));
        } else if (message instanceof Left left) {
            envelope.setLeft(left(left));
        } else if (message instanceof Command command) {
            envelope.setCommand(command(command));
        } else if (message instanceof Evaluation evaluation) {
            envelope.setEvaluation(evaluation(evaluation));
        } else if (message instanceof Snapshot snapshot) {
            envelope.setSnapshot(snapshot(snapshot));
        } else if (message instanceof Rejection rejection) {
            envelope.setRejection(rejection(rejection));
        } else if (message instanceof StandingChange change) {
            envelope.setStandingChange(MembersWriter.change(change));
        } else if (message instanceof Draining draining) {
            envelope.setDraining(MembersWriter.draining(draining));
        } else {
            throw new IllegalStateException(
                    "no wire form of " + message.getClass().getSimpleName());
        }
    }

    static ByteString bytes(Digest digest) {
        return UnsafeByteOperations.unsafeWrap(digest.toBytes());
    }

    static Wire.DType type(DType type) {
        return switch (type) {
            case FLOAT16 -> Wire.DType.DTYPE_FLOAT16;
            case FLOAT32 -> Wire.DType.DTYPE_FLOAT32;
            case FLOAT64 -> Wire.DType.DTYPE_FLOAT64;
        };
    }

    static Wire.Tensor tensor(Tensor tensor) {
        Wire.Tensor.Builder wire = Wire.Tensor.newBuilder()
                .setDtype(type(tensor.dtype()))
                .setData(UnsafeByteOperations.unsafeWrap(tensor.bytes()));
        tensor.shape().stream().forEach(wire::addShape);
        return wire.build();
    }

    static Wire.TensorReference reference(TensorReference reference) {
        Wire.TensorReference.Builder wire = Wire.TensorReference.newBuilder()
                .setDtype(type(reference.dtype()))
                .setContent(bytes(reference.content()));
        reference.shape().stream().forEach(wire::addShape);
        return wire.build();
    }

    private static Wire.TensorPiece piece(TensorPiece p) {
        return Wire.TensorPiece.newBuilder()
                .setStep(p.step())
                .setPart(p.part())
                .setPeer(p.peer().value())
                .setSlot(p.slot())
                .setUse(
                        switch (p.use()) {
                            case MAP -> Wire.TensorPiece.Use.USE_MAP;
                            case GRADIENT -> Wire.TensorPiece.Use.USE_GRADIENT;
                        })
                .setTensor(bytes(p.tensor()))
                .setIndex(p.index())
                .setCount(p.count())
                .setData(UnsafeByteOperations.unsafeWrap(p.bytes()))
                .build();
    }

    static List<Wire.NamedTensor> tensors(NamedTensors tensors) {
        return tensors.asMap().entrySet().stream()
                .map(e -> Wire.NamedTensor.newBuilder()
                        .setName(e.getKey())
                        .setTensor(tensor(e.getValue()))
                        .build())
                .toList();
    }

    private static List<Wire.MapShapes> maps(MapShapes maps) {
        return maps.bySlot().entrySet().stream()
                .map(map -> Wire.MapShapes.newBuilder()
                        .setName(map.getKey())
                        .addAllSlots(
                                map.getValue().stream().map(WireWriter::ints).toList())
                        .build())
                .toList();
    }

    private static Wire.IntList ints(Ints values) {
        return Wire.IntList.newBuilder()
                .addAllValues(values.stream().boxed().toList())
                .build();
    }

    private static Wire.ImageShape shape(ImageShape image) {
        return Wire.ImageShape.newBuilder()
                .setHeight(image.height())
                .setWidth(image.width())
                .setChannels(image.channels())
                .build();
    }

    private static Wire.TestImages testImages(TestImages t) {
        return Wire.TestImages.newBuilder()
                .setFirst(t.first())
                .setTotal(t.total())
                .setCount(t.images().count())
                .setImage(shape(t.images().shape()))
                .setPixels(UnsafeByteOperations.unsafeWrap(t.images().pixels()))
                .build();
    }

    private static Wire.Manifest manifest(Manifest m) {
        Wire.Manifest.Builder wire = Wire.Manifest.newBuilder()
                .setProtocolVersion(m.protocolVersion())
                .setExperiment(m.experiment())
                .setClasses(m.classes())
                .setImage(shape(m.image()))
                .addAllMean(m.normalisation().mean())
                .addAllDeviation(m.normalisation().deviation())
                .setDataDigest(bytes(m.dataDigest()))
                .setTrainImages(m.trainImages())
                .addAllTestLabels(m.testLabels().stream().boxed().toList())
                .addAllValidationLabels(m.validationLabels().stream().boxed().toList())
                .addAllFeatureWidths(m.featureWidths().stream().boxed().toList())
                .addAllMaps(maps(m.maps()))
                .setSteps(m.steps());
        m.settings().ifPresent(settings -> wire.setSettings(SettingsWriter.settings(settings)));
        m.parent()
                .ifPresent(parent -> wire.setParent(Wire.Parent.newBuilder()
                        .setRun(parent.run())
                        .setStep(parent.step())
                        .setFingerprint(bytes(parent.fingerprint()))
                        .setManifest(manifest(parent.manifest()))));
        return wire.build();
    }

    private static Wire.Prediction prediction(Prediction p) {
        if (p.flaw().isPresent()) {
            throw new IllegalArgumentException("prediction of " + p.peer() + " for step " + p.step()
                    + ": stands in for one that could not be read and must not be sent");
        }
        Wire.Prediction.Builder wire = Wire.Prediction.newBuilder()
                .setStep(p.step())
                .setPart(p.part())
                .setPeer(p.peer().value())
                .setIncarnation(p.incarnation())
                .setVersion(p.version())
                .addAllTensors(tensors(p.tensors()))
                .addAllMaps(p.maps().entrySet().stream()
                        .map(map -> Wire.NamedReference.newBuilder()
                                .setName(map.getKey())
                                .setTensor(reference(map.getValue()))
                                .build())
                        .toList())
                .setRendered(bytes(p.rendered()));
        p.previous().ifPresent(report -> wire.setPrevious(report(report)));
        return wire.build();
    }

    private static Wire.StepReport report(StepReport r) {
        return Wire.StepReport.newBuilder()
                .setStep(r.step())
                .setCrossEntropy(r.crossEntropy())
                .setDistillation(r.distillation())
                .setCorrect(r.correct())
                .setTaught(r.taught())
                .build();
    }

    private static Wire.Heartbeat heartbeat(Heartbeat h) {
        return Wire.Heartbeat.newBuilder()
                .setPeer(h.peer().value())
                .setIncarnation(h.incarnation())
                .setState(
                        switch (h.state()) {
                            case JOINING -> Wire.PeerState.PEER_STATE_JOINING;
                            case CATCHING_UP -> Wire.PeerState.PEER_STATE_CATCHING_UP;
                            case TRAINING -> Wire.PeerState.PEER_STATE_TRAINING;
                            case WAITING -> Wire.PeerState.PEER_STATE_WAITING;
                            case EVALUATING -> Wire.PeerState.PEER_STATE_EVALUATING;
                            case FINISHED -> Wire.PeerState.PEER_STATE_FINISHED;
                        })
                .setStep(h.step())
                .setImagesPerSecond(h.figures().imagesPerSecond())
                .setWaitShare(h.figures().waitShare())
                .setCrossEntropy(h.figures().crossEntropy())
                .setDistillation(h.figures().distillation())
                .setCorrect(h.figures().correct())
                .build();
    }

    private static Wire.Joining joining(Joining j) {
        return Wire.Joining.newBuilder()
                .setPeer(j.peer().value())
                .setIncarnation(j.incarnation())
                .setModel(j.model())
                .setDevice(j.device())
                .setObserver(j.observer())
                .setFeatureWidth(j.featureWidth())
                .addAllMaps(j.maps().entrySet().stream()
                        .map(map -> Wire.NamedShape.newBuilder()
                                .setName(map.getKey())
                                .setShape(ints(map.getValue()))
                                .build())
                        .toList())
                .setTrainedSteps(j.trainedSteps())
                .setDataDigest(bytes(j.dataDigest()))
                .setTorchThreads(j.torchThreads())
                // Absent, so that records of built-in networks keep their bytes.
                .setFramework(j.framework().equals(Joining.BUILT_IN) ? "" : j.framework())
                .build();
    }

    private static Wire.Admitted admitted(Admitted a) {
        return Wire.Admitted.newBuilder()
                .setPeer(a.peer().value())
                .setIncarnation(a.incarnation())
                .setSlot(a.slot())
                .setStep(a.step())
                .setRefusal(a.refusal())
                .build();
    }

    private static Wire.Rejection rejection(Rejection r) {
        return Wire.Rejection.newBuilder()
                .setStep(r.step())
                .setPart(r.part())
                .setPeer(r.peer().value())
                .setReason(
                        switch (r.reason()) {
                            case DIGEST -> Wire.Rejection.Reason.REASON_DIGEST;
                            case SHAPE -> Wire.Rejection.Reason.REASON_SHAPE;
                            case NOT_FINITE -> Wire.Rejection.Reason.REASON_NOT_FINITE;
                            case MALFORMED -> Wire.Rejection.Reason.REASON_MALFORMED;
                            case PARTITION -> Wire.Rejection.Reason.REASON_PARTITION;
                        })
                .setDetail(r.detail())
                .build();
    }

    private static Wire.Left left(Left l) {
        Wire.Left.Builder wire = Wire.Left.newBuilder()
                .setPeer(l.peer().value())
                .setIncarnation(l.incarnation())
                .setReason(l.reason());
        l.result()
                .ifPresent(r -> wire.setResult(Wire.Left.Result.newBuilder()
                        .setFirstStep(r.firstStep())
                        .setStepsTrained(r.stepsTrained())
                        .setTestAccuracy(r.testAccuracy())
                        .setImagesPerSecond(r.imagesPerSecond())
                        .setWaitShare(r.waitShare())
                        .setWeights(bytes(r.weights()))));
        l.divergence()
                .ifPresent(d -> wire.setDivergence(
                        Wire.Left.Divergence.newBuilder().setStep(d.step()).setWhat(d.what())));
        return wire.build();
    }

    private static Wire.Command command(Command c) {
        Wire.Command.Builder wire = Wire.Command.newBuilder()
                .setKind(
                        switch (c.kind()) {
                            case STOP -> Wire.Command.Kind.KIND_STOP;
                            case ABORT -> Wire.Command.Kind.KIND_ABORT;
                            case DRAIN -> Wire.Command.Kind.KIND_DRAIN;
                        })
                .setReason(c.reason());
        c.peer().ifPresent(peer -> wire.setPeer(peer.value()));
        c.incarnation().ifPresent(wire::setIncarnation);
        return wire.build();
    }

    private static Wire.Evaluation evaluation(Evaluation e) {
        return Wire.Evaluation.newBuilder()
                .setStep(e.step())
                .setEpoch(e.epoch())
                .setLast(e.last())
                .setSource(e.source())
                .setAccuracy(e.accuracy())
                .setCrossEntropy(e.crossEntropy())
                .addAllTensors(tensors(e.tensors()))
                .build();
    }

    private static Wire.Snapshot snapshot(Snapshot s) {
        Wire.Snapshot.Builder wire = Wire.Snapshot.newBuilder()
                .setStep(s.step())
                .addAllState(tensors(s.state()))
                .setHash(bytes(s.hash()))
                .setSkipped(s.skipped())
                .setPositions(s.positions().text());
        s.lastVotes()
                .forEach((slot, peer) -> wire.addLastVotes(
                        Wire.Snapshot.LastVote.newBuilder().setSlot(slot).setPeer(peer.value())));
        s.latestStarts()
                .forEach((peer, incarnation) -> wire.addLatestStarts(Wire.Snapshot.LatestStart.newBuilder()
                        .setPeer(peer.value())
                        .setIncarnation(incarnation)));
        return wire.build();
    }
}
