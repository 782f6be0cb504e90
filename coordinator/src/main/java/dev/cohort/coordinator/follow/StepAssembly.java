package dev.cohort.coordinator.follow;

import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.Rejection;
import dev.cohort.protocol.TensorPiece;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.NamedTensors;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Batches and predictions of the steps that are not closed yet. The first prediction per (step, peer) counts, valid or not; an
 * invalid one ends the wait for its peer but no teacher uses it. A step has one part, part 0: no pace splits batches.
 */
public final class StepAssembly {
    private final DeclaredShapes shapes;
    private final SortedMap<Long, Batch> batches = new TreeMap<>();
    private final SortedMap<Long, SortedMap<PeerId, Entry>> entries = new TreeMap<>();
    private final PredictedMaps maps;
    private final SortedMap<Long, Long> openedMs = new TreeMap<>();

    /**
     * A prediction whose feature maps have arrived.
     *
     * @param tensors those of the prediction and the feature maps that the teacher reads
     * @param digest of the prediction
     * @param rejection present if it is invalid
     */
    public record Entry(Prediction prediction, NamedTensors tensors, Digest digest, Optional<Rejection> rejection) {
        public boolean good() {
            return rejection.isEmpty();
        }
    }

    public StepAssembly(DeclaredShapes shapes) {
        this.shapes = shapes;
        maps = new PredictedMaps(shapes.maps());
    }

    public void batch(Batch batch) {
        batches.putIfAbsent(batch.step(), batch);
    }

    public Optional<Batch> batch(long step) {
        return Optional.ofNullable(batches.get(step));
    }

    /** Keeps the first prediction of a peer for a step; returns whether this was it, and all of its feature maps are there. */
    public boolean predicted(Prediction prediction) {
        return arrived(maps.prediction(prediction));
    }

    /**
     * Keeps a piece of a feature map; returns whether it was the last one that a prediction waited for.
     *
     * @param rowsMax most images of a batch
     */
    public boolean piece(TensorPiece piece, int rowsMax) {
        return arrived(maps.piece(piece, shapes.mapBytesMax(rowsMax)));
    }

    private boolean arrived(Optional<Entry> entry) {
        entry.ifPresent(e -> entries.computeIfAbsent(e.prediction().step(), s -> new TreeMap<>())
                .put(e.prediction().peer(), e));
        return entry.isPresent();
    }

    /**
     * The first prediction of {@code member} for {@code step}, checked against the batch; empty until both were read, and all
     * feature maps of the prediction.
     */
    public Optional<Entry> entry(long step, Seated member) {
        SortedMap<PeerId, Entry> byPeer = entries.getOrDefault(step, new TreeMap<>());
        return batch(step)
                .flatMap(batch -> Optional.ofNullable(byPeer.get(member.peer())).map(e -> checked(e, member, batch)));
    }

    /** Checks a prediction for a step that is closed. */
    public Entry check(Prediction prediction, Seated member, Batch batch) {
        return checked(PredictedMaps.without(prediction), member, batch);
    }

    private Entry checked(Entry entry, Seated member, Batch batch) {
        Prediction p = entry.prediction();
        if (!entry.good()) {
            return entry;
        }
        if (p.flaw().isPresent()) {
            Prediction.Flaw flaw = p.flaw().get();
            return rejected(entry, flaw.reason(), flaw.detail());
        }
        Optional<String> shape = shapes.objection(p, batch, member);
        if (shape.isPresent()) {
            return rejected(entry, Rejection.Reason.SHAPE, shape.get());
        }
        if (!p.rendered().equals(batch.digest(member.slot()))) {
            return rejected(
                    entry,
                    Rejection.Reason.DIGEST,
                    "rendered " + p.rendered().shortHex() + ", the batch is "
                            + batch.digest(member.slot()).shortHex());
        }
        return entry;
    }

    static Entry rejected(Entry entry, Rejection.Reason reason, String detail) {
        Prediction p = entry.prediction();
        Rejection rejection = new Rejection(p.step(), p.part(), p.peer(), reason, detail);
        return new Entry(p, entry.tensors(), entry.digest(), Optional.of(rejection));
    }

    /** The prediction that an outcome names, once it was read with its feature maps. */
    public Optional<Entry> named(long step, Outcome.Contributor contributor) {
        return Optional.ofNullable(entries.getOrDefault(step, new TreeMap<>()).get(contributor.peer()))
                .filter(e -> e.digest().equals(contributor.tensors()));
    }

    /** Whether a feature map of the prediction of {@code peer} for {@code step} can no longer come. */
    public boolean mapIsGone(long step, PeerId peer) {
        return maps.gone(step, peer);
    }

    /** Whether a prediction of {@code peer} for {@code step} was read with its feature maps, valid or not. */
    public boolean hasPrediction(long step, PeerId peer) {
        return entries.getOrDefault(step, new TreeMap<>()).containsKey(peer);
    }

    /** Whether any prediction for {@code step} or a later step was read. */
    public boolean anybody(long step) {
        return !entries.tailMap(step).isEmpty();
    }

    /** When {@code step} was opened: the time of the first call. */
    public long openedMs(long step, long nowMs) {
        return openedMs.computeIfAbsent(step, s -> nowMs);
    }

    /** Forgets all steps up to {@code step}. */
    public void closed(long step) {
        batches.headMap(step + 1).clear();
        entries.headMap(step + 1).clear();
        maps.closed(step);
        openedMs.headMap(step + 1).clear();
    }

    /** Open steps held, to show that they are bounded. */
    public int held() {
        return Math.max(maps.held(), Math.max(batches.size(), entries.size()));
    }
}
