package dev.cohort.peer;

import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.TensorPiece;
import dev.cohort.protocol.TensorReference;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.NamedTensors;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a student publishes for a batch.
 *
 * @param tensors in the prediction itself
 * @param maps feature maps, in pieces
 * @param references to {@code maps}, by name
 */
record Published(NamedTensors tensors, NamedTensors maps, SortedMap<String, TensorReference> references) {
    static Published of(NamedTensors tensors, NamedTensors maps) {
        SortedMap<String, TensorReference> references = new TreeMap<>();
        maps.asMap().forEach((name, map) -> references.put(name, TensorReference.of(map)));
        return new Published(tensors, maps, references);
    }

    /** The digest by which an outcome names the prediction. */
    Digest digest() {
        return Prediction.digest(tensors, references);
    }

    /** The pieces of the feature maps, to be appended before the prediction. */
    List<TensorPiece> pieces(long step, PeerId self, int slot) {
        List<TensorPiece> pieces = new ArrayList<>();
        references.forEach((name, reference) ->
                pieces.addAll(TensorPiece.of(step, 0, self, slot, TensorPiece.Use.MAP, maps.get(name), reference)));
        return pieces;
    }
}
