package dev.cohort.protocol;

import dev.cohort.tensor.Digest;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/**
 * One training batch, a pure function of (seed, step). Published by the augmenter, read by all.
 *
 * @param step 1-based number of the batch in the run
 * @param epoch 0-based
 * @param endsEpoch whether this is the last batch of its epoch
 * @param labels soft labels of the rows, equal for all slots
 * @param recipe how to render it
 * @param digests {@link Images#digest} of the rendered images, one per view of the recipe
 * @param pixels pixel mode: per view the uint8 images (NHWC); empty in recipe mode
 */
public record Batch(
        long step,
        int epoch,
        boolean endsEpoch,
        SoftLabels labels,
        Recipe recipe,
        List<Digest> digests,
        Optional<List<ByteBuffer>> pixels)
        implements Message {
    public Batch {
        digests = List.copyOf(digests);
        pixels = pixels.map(List::copyOf);
        Sayable.atLeast(1, step, "step");
        Sayable.atLeast(0, epoch, "epoch");
        if (digests.size() != recipe.views().size()) {
            throw new IllegalArgumentException(
                    digests.size() + " digests for " + recipe.views().size() + " views: must be equal");
        }
        if (labels.rows() != recipe.rows()) {
            throw new IllegalArgumentException(
                    "labels of " + labels.rows() + " rows: must be " + recipe.rows() + ", as in the recipe");
        }
        if (pixels.isPresent() && pixels.get().size() != recipe.views().size()) {
            throw new IllegalArgumentException("pixels of " + pixels.get().size() + " views: must be "
                    + recipe.views().size() + ", as in the recipe");
        }
    }

    /** This batch without its pixels, for roles that do not use them. */
    public Batch withoutPixels() {
        return pixels.isEmpty() ? this : new Batch(step, epoch, endsEpoch, labels, recipe, digests, Optional.empty());
    }

    public int rows() {
        return recipe.rows();
    }

    /** Digest of the images that the peer in {@code slot} must render. */
    public Digest digest(int slot) {
        return digests.size() == 1 ? digests.get(0) : digests.get(slot);
    }
}
