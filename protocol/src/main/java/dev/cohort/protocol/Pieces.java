package dev.cohort.protocol;

import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Joins the pieces of tensors. Pieces may arrive in any order, more than once, and before the reference to their tensor. Whoever
 * uses it keeps one for each peer and step, so that nobody's pieces displace those of others.
 */
public final class Pieces {
    private final long bytesMax;
    private final SortedMap<String, Split> bySplit = new TreeMap<>();
    private long bytes;

    /** The pieces of a tensor that was cut into {@code count} pieces, by their positions. */
    private record Split(int count, SortedMap<Integer, TensorPiece> pieces) {}

    /** @param bytesMax pieces beyond it are dropped */
    public Pieces(long bytesMax) {
        this.bytesMax = bytesMax;
    }

    /** What became of the tensor that a reference names. */
    public sealed interface Joined {}

    /** All pieces were there, and have the digest of the reference. */
    public record Whole(Tensor tensor) implements Joined {}

    /** All pieces were there, but are not the tensor. */
    public record Broken(String why) implements Joined {}

    /** Keeps a piece; returns whether it is new and fits. */
    public boolean add(TensorPiece piece) {
        SortedMap<Integer, TensorPiece> split = bySplit.computeIfAbsent(
                        prefix(piece.tensor()) + piece.count(), s -> new Split(piece.count(), new TreeMap<>()))
                .pieces();
        int size = piece.bytes().remaining();
        if (split.containsKey(piece.index()) || bytes + size > bytesMax) {
            return false;
        }
        bytes += size;
        split.put(piece.index(), piece);
        return true;
    }

    private static String prefix(Digest tensor) {
        return tensor.hex() + "/";
    }

    /** The tensor that {@code reference} names; empty while pieces are missing. */
    public Optional<Joined> join(TensorReference reference) {
        Optional<Joined> broken = Optional.empty();
        String prefix = prefix(reference.content());
        for (Split split : bySplit.subMap(prefix, prefix + Character.MAX_VALUE).values()) {
            if (split.pieces().size() == split.count()) {
                Joined joined = join(reference, split.pieces());
                if (joined instanceof Whole) {
                    return Optional.of(joined);
                }
                broken = Optional.of(joined);
            }
        }
        return broken;
    }

    /** The tensor that {@code reference} names; empty while pieces are missing, and for good where they are broken. */
    public Optional<Tensor> whole(TensorReference reference) {
        return join(reference).filter(Whole.class::isInstance).map(joined -> ((Whole) joined).tensor());
    }

    private static Joined join(TensorReference reference, SortedMap<Integer, TensorPiece> split) {
        long size =
                split.values().stream().mapToLong(p -> p.bytes().remaining()).sum();
        if (size != reference.bytes()) {
            return new Broken("its pieces have " + size + " bytes, must be " + reference.bytes());
        }
        ByteBuffer all = ByteBuffer.allocate(reference.bytes());
        split.values().forEach(piece -> all.put(piece.bytes()));
        all.flip();
        Digest content = Digest.of(all);
        return content.equals(reference.content())
                ? new Whole(Tensor.wrap(reference.dtype(), reference.shape(), all))
                : new Broken("its pieces have the digest " + content.shortHex() + ", must be "
                        + reference.content().shortHex());
    }
}
