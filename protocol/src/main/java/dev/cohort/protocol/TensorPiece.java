package dev.cohort.protocol;

import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * A piece of a tensor that another message refers to ({@link TensorReference}): of a feature map that a peer publishes, or of the
 * gradient with respect to one that a coordinator publishes. The pieces are appended before the message that refers to them. The
 * first piece per (step, part, peer, use, tensor, count, index) counts.
 *
 * @param step of the batch
 * @param part 0-based part of the batch
 * @param peer whose map it is
 * @param slot of this peer
 * @param tensor SHA-256 of the bytes of the whole tensor
 * @param index 0-based position of this piece
 * @param count number of the tensor's pieces
 * @param bytes 1 to {@link Limits#pieceBytesMax}, read-only
 */
public record TensorPiece(
        long step, int part, PeerId peer, int slot, Use use, Digest tensor, int index, int count, ByteBuffer bytes)
        implements Message {
    /** What the tensor is. */
    public enum Use {
        /** A feature map, on {@link Topic#MAPS}. */
        MAP,
        /** The gradient with respect to a feature map, on {@link Topic#GRADIENTS}. */
        GRADIENT
    }

    public TensorPiece {
        Limits limits = Limits.DEFAULT;
        bytes = bytes.slice().asReadOnlyBuffer();
        Sayable.atLeast(1, step, "step");
        Sayable.atLeast(0, part, "part");
        Sayable.slot(slot, "slot");
        Sayable.between(1, limits.mapBytesMax(), count, "number of pieces");
        Sayable.between(0, count - 1L, index, "index of a piece");
        Sayable.between(1, limits.pieceBytesMax(), bytes.remaining(), "bytes of a piece");
    }

    @Override
    public ByteBuffer bytes() {
        return bytes.duplicate();
    }

    /**
     * All pieces of a tensor, in order.
     *
     * @param reference to {@code tensor}
     */
    public static List<TensorPiece> of(
            long step, int part, PeerId peer, int slot, Use use, Tensor tensor, TensorReference reference) {
        int largest = Limits.DEFAULT.pieceBytesMax();
        int bytes = reference.bytes();
        int count = (bytes + largest - 1) / largest;
        List<TensorPiece> pieces = new ArrayList<>(count);
        for (int index = 0; index < count; index++) {
            int first = index * largest;
            ByteBuffer piece = tensor.bytes().slice(first, Math.min(largest, bytes - first));
            pieces.add(new TensorPiece(step, part, peer, slot, use, reference.content(), index, count, piece));
        }
        return pieces;
    }
}
