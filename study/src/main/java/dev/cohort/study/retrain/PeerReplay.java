package dev.cohort.study.retrain;

import dev.cohort.augment.BatchRenderer;
import dev.cohort.augment.data.ImageData;
import dev.cohort.coordinator.process.RunTeacher;
import dev.cohort.experiment.Experiment;
import dev.cohort.peer.CheckpointStore;
import dev.cohort.peer.Learner;
import dev.cohort.peer.Peer;
import dev.cohort.peer.process.CodeAccess;
import dev.cohort.peer.process.PeerParts;
import dev.cohort.peer.process.PeerProcess;
import dev.cohort.peer.process.StudentNetwork;
import dev.cohort.protocol.Addressed;
import dev.cohort.protocol.Admitted;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Manifest;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PixelRenderer;
import dev.cohort.protocol.Renderer;
import dev.cohort.protocol.TensorPiece;
import dev.cohort.protocol.Topic;
import dev.cohort.runtime.RecordedLog;
import dev.cohort.runtime.RecordedLog.Said;
import dev.cohort.tensor.Digest;
import java.util.Optional;
import java.util.function.LongConsumer;

/**
 * Trains a peer again from the log, without a broker and without the other peers: the same node as in the run catches up with a
 * log that has ended. On the same kind of machine and with as many threads, it ends with the same weights.
 */
public final class PeerReplay {
    private static final long START = 1;

    private final RecordedLog log;
    private final Manifest manifest;
    private final Experiment experiment;
    private final ImageData data;
    private final CodeAccess access;

    /**
     * @param data of the run; in pixel mode only its test images are used
     * @param access to the code of networks in processes of their own
     */
    public PeerReplay(RecordedLog log, Manifest manifest, Experiment experiment, ImageData data, CodeAccess access) {
        this.log = log;
        this.manifest = manifest;
        this.experiment = experiment;
        this.data = data;
        this.access = access;
    }

    boolean mayRunCode() {
        return access instanceof CodeAccess.Allowed;
    }

    /**
     * Where a newcomer joined a run.
     *
     * @param slot that it was assigned
     * @param firstStep first step that it trained
     */
    public record Seat(int slot, long firstStep) {}

    /**
     * Trains one peer from its initial weights.
     *
     * @param seat of a newcomer; empty for a peer that the experiment names
     * @param lastStep last step to train
     * @param progress takes every step
     * @return the digest of its weights after {@code lastStep}; empty if the log ends before
     */
    public Optional<Digest> weights(Experiment.Peer self, Optional<Seat> seat, long lastStep, LongConsumer progress) {
        PeerParts.MethodNeeds needs = RunParts.needsOf(RunTeacher.of(manifest, experiment));
        try (StudentNetwork network = StudentNetwork.of(manifest, experiment, self, needs.ownTeacher(), access)) {
            Learner learner = network.learner();
            Peer peer = new Peer(
                    PeerProcess.setting(manifest, experiment, START, self, network, needs, seat.isPresent()),
                    learner,
                    renderer(),
                    new Nowhere());
            seat.ifPresent(s -> peer.onMessage(new Admitted(self.id(), START, s.slot(), s.firstStep(), ""), 0));
            int slot = seat.map(Seat::slot)
                    .orElseGet(() -> Math.max(0, experiment.contributors().indexOf(self)));
            feed(peer, slot, lastStep, progress);
            return peer.status().step() == lastStep ? Optional.of(learner.weights()) : Optional.empty();
        }
    }

    /** Why {@link #weights} does not reach the last step. */
    String whyShort() {
        return manifest.maps().bySlot().isEmpty()
                ? "the log does not reach its last step"
                : "the log does not reach its last step, or no longer has gradients of feature maps that it learned from"
                        + " (wire.maps_kept_mebibytes)";
    }

    private Renderer renderer() {
        BatchRenderer renderer = new BatchRenderer(data);
        return experiment.data().mode() == Experiment.Data.Delivery.PIXELS
                ? new PixelRenderer(renderer.testImages())
                : renderer;
    }

    private void feed(Peer peer, int slot, long lastStep, LongConsumer progress) {
        try (Ahead<Outcome> outcomes = new Ahead<>(log.read(Topic.OUTCOMES, 0), Outcome.class);
                Ahead<Batch> batches = new Ahead<>(log.read(Topic.BATCHES, 0), Batch.class);
                Ahead<Addressed> parts = new Ahead<>(log.read(Topic.ADDRESSED, slot), Addressed.class);
                Ahead<TensorPiece> pieces = pieces(slot)) {
            while (peer.left().isEmpty() && peer.status().step() < lastStep) {
                Optional<Batch> batch = batches.next();
                if (batch.isEmpty()) {
                    return;
                }
                long step = batch.get().step();
                for (Optional<TensorPiece> piece = pieces.peek();
                        piece.isPresent() && piece.get().step() <= step;
                        piece = pieces.peek()) {
                    peer.onMessage(pieces.next().orElseThrow(), 0);
                }
                for (Optional<Addressed> part = parts.peek();
                        part.isPresent() && part.get().step() <= step;
                        part = parts.peek()) {
                    peer.onMessage(parts.next().orElseThrow(), 0);
                }
                for (Optional<Outcome> outcome = outcomes.peek();
                        outcome.isPresent() && outcome.get().step() <= step;
                        outcome = outcomes.peek()) {
                    peer.onMessage(outcomes.next().orElseThrow(), 0);
                }
                peer.onMessage(batch.get(), 0);
                while (peer.nextDeadlineMs() <= 0) {
                    peer.onDeadline(0);
                }
                progress.accept(peer.status().step());
                if (!manifest.maps().bySlot().isEmpty() && peer.status().step() < step) {
                    // The batches after it need not be read.
                    return;
                }
            }
        }
    }

    private Ahead<TensorPiece> pieces(int slot) {
        RecordedLog.Reading reading =
                manifest.maps().bySlot().isEmpty() ? new Nothing() : log.read(Topic.GRADIENTS, slot);
        return new Ahead<>(reading, TensorPiece.class);
    }

    /** A topic that the run does not have. */
    private static final class Nothing implements RecordedLog.Reading {
        @Override
        public Optional<RecordedLog.Entry> next() {
            return Optional.empty();
        }

        @Override
        public void close() {}
    }

    /** The messages of one kind in a partition, with one message of lookahead. */
    private static final class Ahead<M> implements AutoCloseable {
        private final RecordedLog.Reading reading;
        private final Class<M> type;
        private Optional<M> next = Optional.empty();

        Ahead(RecordedLog.Reading reading, Class<M> type) {
            this.reading = reading;
            this.type = type;
        }

        Optional<M> peek() {
            while (next.isEmpty()) {
                Optional<RecordedLog.Entry> entry = reading.next();
                if (entry.isEmpty()) {
                    return Optional.empty();
                }
                if (entry.get() instanceof Said record && type.isInstance(record.message())) {
                    next = Optional.of(type.cast(record.message()));
                }
            }
            return next;
        }

        Optional<M> next() {
            Optional<M> taken = peek();
            next = Optional.empty();
            return taken;
        }

        @Override
        public void close() {
            reading.close();
        }
    }

    /** Has no checkpoint, and saves none. */
    private static final class Nowhere implements CheckpointStore {
        @Override
        public void save(Checkpoint checkpoint) {}

        @Override
        public Optional<Checkpoint> newest() {
            return Optional.empty();
        }
    }
}
