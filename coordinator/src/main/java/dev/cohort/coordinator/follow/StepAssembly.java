package dev.cohort.coordinator.follow;

import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.Rejection;
import dev.cohort.tensor.Digest;
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
    private final SortedMap<Long, Long> openedMs = new TreeMap<>();

    /** A prediction, its digest, and its rejection if it is invalid. */
    public record Entry(Prediction prediction, Digest digest, Optional<Rejection> rejection) {
        public boolean good() {
            return rejection.isEmpty();
        }
    }

    public StepAssembly(DeclaredShapes shapes) {
        this.shapes = shapes;
    }

    public void batch(Batch batch) {
        batches.putIfAbsent(batch.step(), batch);
    }

    public Optional<Batch> batch(long step) {
        return Optional.ofNullable(batches.get(step));
    }

    /** Keeps the first prediction of a peer for a step; returns whether this was the first. */
    public boolean predicted(Prediction prediction) {
        SortedMap<PeerId, Entry> step = entries.computeIfAbsent(prediction.step(), s -> new TreeMap<>());
        if (step.containsKey(prediction.peer())) {
            return false;
        }
        step.put(prediction.peer(), unchecked(prediction));
        return true;
    }

    /** The first prediction of {@code member} for {@code step}, checked against the batch; empty until both were read. */
    public Optional<Entry> entry(long step, Seated member) {
        SortedMap<PeerId, Entry> byPeer = entries.getOrDefault(step, new TreeMap<>());
        return batch(step)
                .flatMap(batch -> Optional.ofNullable(byPeer.get(member.peer())).map(e -> checked(e, member, batch)));
    }

    /** Checks a prediction for a step that is closed. */
    public Entry check(Prediction prediction, Seated member, Batch batch) {
        return checked(unchecked(prediction), member, batch);
    }

    private static Entry unchecked(Prediction prediction) {
        return new Entry(prediction, prediction.tensors().digest(), Optional.empty());
    }

    private Entry checked(Entry entry, Seated member, Batch batch) {
        Prediction p = entry.prediction();
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

    private static Entry rejected(Entry entry, Rejection.Reason reason, String detail) {
        Prediction p = entry.prediction();
        return new Entry(p, entry.digest(), Optional.of(new Rejection(p.step(), p.part(), p.peer(), reason, detail)));
    }

    /** The prediction that an outcome names, once it was read. */
    public Optional<Entry> named(long step, Outcome.Contributor contributor) {
        return Optional.ofNullable(entries.getOrDefault(step, new TreeMap<>()).get(contributor.peer()))
                .filter(e -> e.digest().equals(contributor.tensors()));
    }

    /** Whether a prediction of {@code peer} for {@code step} was read, valid or not. */
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
        openedMs.headMap(step + 1).clear();
    }

    /** Open steps held, to show that they are bounded. */
    public int held() {
        return Math.max(batches.size(), entries.size());
    }
}
