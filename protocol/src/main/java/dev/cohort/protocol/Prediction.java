package dev.cohort.protocol;

import dev.cohort.tensor.Digest;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.Optional;

/**
 * What a peer says about a batch. The first prediction per (step, part, peer) counts.
 *
 * @param step of the batch
 * @param part 0-based part of the batch (interleaved pace), 0 when it is not cut
 * @param incarnation which start of this peer speaks, from 1
 * @param version updates the weights had seen when these tensors were computed
 * @param tensors {@link TensorName#LOGITS} and what else the method reads
 * @param rendered digest of the images the peer rendered
 * @param previous the peer's own account of its last update, absent before the first
 */
public record Prediction(
        long step,
        int part,
        PeerId peer,
        long incarnation,
        long version,
        NamedTensors tensors,
        Digest rendered,
        Optional<StepReport> previous)
        implements Message {
    /** Logits [B, C]. */
    public Tensor logits() {
        return tensors.get(TensorName.LOGITS);
    }
}
