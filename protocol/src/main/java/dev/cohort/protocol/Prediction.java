package dev.cohort.protocol;

import dev.cohort.tensor.Digest;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.Optional;

/**
 * The outputs of a peer's network for a batch. The first prediction per (step, part, peer) counts.
 *
 * @param step of the batch
 * @param part 0-based part of the batch (interleaved pace), 0 when the batch is not cut
 * @param incarnation which start of this peer, from 1
 * @param version number of updates of the weights when these tensors were computed
 * @param tensors {@link TensorName#LOGITS} and the other tensors that the method reads
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
            Digest rendered,
            Optional<StepReport> previous) {
        this(step, part, peer, incarnation, version, tensors, rendered, previous, Optional.empty());
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
                NOTHING_RENDERED,
                Optional.empty(),
                Optional.of(flaw));
    }

    /** Logits [B, C]. */
    public Tensor logits() {
        return tensors.get(TensorName.LOGITS);
    }
}
