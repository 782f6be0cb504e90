package dev.cohort.protocol;

import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Hasher;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The outputs of a peer's network for a batch. The first prediction per (step, part, peer) counts.
 *
 * @param step of the batch
 * @param part 0-based part of the batch (interleaved pace), 0 when the batch is not cut
 * @param incarnation which start of this peer, from 1
 * @param version number of updates of the weights when these tensors were computed
 * @param tensors {@link TensorName#LOGITS} and the other tensors that the method reads, but for feature maps
 * @param maps the feature maps that the method reads, by name; their pieces are on {@link Topic#MAPS}
 * @param rendered digest of the images that the peer rendered
 * @param previous the peer's report of its last update, absent before the first
 * @param flaw set on a stand-in for a prediction that could not be read: the reason; a stand-in has no tensors and is never sent
 */
public record Prediction(
        long step,
        int part,
        PeerId peer,
        long incarnation,
        long version,
        NamedTensors tensors,
        SortedMap<String, TensorReference> maps,
        Digest rendered,
        Optional<StepReport> previous,
        Optional<Flaw> flaw)
        implements Message {
    private static final Digest NOTHING_RENDERED = Digest.ofBytes(new byte[Digest.BYTES]);

    public Prediction {
        Sayable.atLeast(1, step, "step");
        Sayable.atLeast(0, part, "part");
        Sayable.atLeast(1, incarnation, "incarnation");
        Sayable.atLeast(0, version, "version");
        Sayable.tensors(tensors);
        maps = Collections.unmodifiableSortedMap(new TreeMap<>(maps));
        Sayable.count(Limits.DEFAULT.tensorsMax(), maps.keySet(), "feature maps");
        maps.keySet().forEach(name -> Sayable.name(name, "name of a feature map"));
        if (flaw.isEmpty()) {
            Tensor logits = tensors.find(TensorName.LOGITS)
                    .filter(t -> t.shape().size() == 2)
                    .orElseThrow(() -> new Unsayable(
                            Unsayable.Kind.BAD_TENSOR,
                            "prediction with tensors " + tensors + ": must have logits [B, C]"));
            Sayable.atMost(Limits.DEFAULT.rowsMax(), logits.dimension(0), "rows of the logits");
            Sayable.atMost(Limits.DEFAULT.classesMax(), logits.dimension(1), "classes of the logits");
        }
    }

    /** A prediction without a flaw. */
    public Prediction(
            long step,
            int part,
            PeerId peer,
            long incarnation,
            long version,
            NamedTensors tensors,
            SortedMap<String, TensorReference> maps,
            Digest rendered,
            Optional<StepReport> previous) {
        this(step, part, peer, incarnation, version, tensors, maps, rendered, previous, Optional.empty());
    }

    /** A prediction without feature maps. */
    public Prediction(
            long step,
            int part,
            PeerId peer,
            long incarnation,
            long version,
            NamedTensors tensors,
            Digest rendered,
            Optional<StepReport> previous) {
        this(step, part, peer, incarnation, version, tensors, new TreeMap<>(), rendered, previous);
    }

    /**
     * Why the record of a prediction could not be read.
     *
     * @param detail one line for people
     */
    public record Flaw(Rejection.Reason reason, String detail) {}

    /** Stands in for a prediction that could not be read, so that no step waits for it and its rejection has a reason. */
    public static Prediction unreadable(long step, int part, PeerId peer, long incarnation, long version, Flaw flaw) {
        return new Prediction(
                step,
                part,
                peer,
                incarnation,
                version,
                NamedTensors.none(),
                new TreeMap<>(),
                NOTHING_RENDERED,
                Optional.empty(),
                Optional.of(flaw));
    }

    /** The digest by which an outcome names it: of its tensors, and of the references to its feature maps if it has any. */
    public Digest digest() {
        return digest(tensors, maps);
    }

    /** {@link #digest()} of a prediction with these tensors. */
    public static Digest digest(NamedTensors tensors, SortedMap<String, TensorReference> maps) {
        if (maps.isEmpty()) {
            return tensors.digest();
        }
        Hasher hasher = new Hasher().digest(tensors.digest()).number(maps.size());
        maps.forEach((name, map) -> map.hash(hasher.text(name)));
        return hasher.digest();
    }

    /** Logits [B, C]. */
    public Tensor logits() {
        return tensors.get(TensorName.LOGITS);
    }
}
