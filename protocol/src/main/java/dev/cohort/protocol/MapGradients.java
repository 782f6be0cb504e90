package dev.cohort.protocol;

import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The gradients with respect to feature maps in the terms for one peer. A teacher computes them as {@link Term.LeafGradient}s; in
 * the log each is a {@link Term.MapGradient} and pieces.
 */
public final class MapGradients {
    private MapGradients() {}

    /**
     * The messages for one peer.
     *
     * @param pieces to append first
     * @param addressed with references to the pieces
     */
    public record Parcel(List<TensorPiece> pieces, Addressed addressed) {
        public Parcel {
            pieces = List.copyOf(pieces);
        }
    }

    /**
     * The messages for the peer in {@code slot}.
     *
     * @param terms as its teacher computed them
     */
    public static Parcel parcel(long step, int part, PeerId peer, int slot, List<Term> terms) {
        List<TensorPiece> pieces = new ArrayList<>();
        List<Term> named = new ArrayList<>();
        for (Term term : terms) {
            if (term instanceof Term.LeafGradient leaf && TensorName.isMap(leaf.tensor())) {
                TensorReference reference = TensorReference.of(leaf.gradient());
                named.add(new Term.MapGradient(leaf.name(), leaf.tensor(), reference));
                pieces.addAll(
                        TensorPiece.of(step, part, peer, slot, TensorPiece.Use.GRADIENT, leaf.gradient(), reference));
            } else {
                named.add(term);
            }
        }
        return new Parcel(pieces, new Addressed(step, part, peer, slot, named));
    }

    /** The terms as their teacher computed them; empty while pieces are missing, and for good where pieces are broken. */
    public static Optional<List<Term>> joined(List<Term> terms, Pieces pieces) {
        List<Term> joined = new ArrayList<>();
        for (Term term : terms) {
            if (term instanceof Term.MapGradient map) {
                Optional<Tensor> gradient = pieces.whole(map.gradient());
                if (gradient.isEmpty()) {
                    return Optional.empty();
                }
                joined.add(new Term.LeafGradient(map.name(), map.tensor(), gradient.get()));
            } else {
                joined.add(term);
            }
        }
        return Optional.of(joined);
    }
}
