package dev.cohort.protocol;

import dev.cohort.tensor.Ints;
import java.util.List;
import java.util.OptionalDouble;

/**
 * How to render a batch from the data: each row's image is cropped and flipped, then mixed with the (equally cropped and
 * flipped) images of partner rows. Integer arithmetic only, so every renderer makes the same bits.
 *
 * @param sampleIds index into the training images, one a row
 * @param partners one permutation of the rows per further source; empty when the batch is not mixed
 * @param blend MixUp: the weight w of the row's own image, a multiple of 1/{@value #BLEND_UNITS}, so that each pixel is
 *     {@code floor(w * own + (1 - w) * partner + 1/2)} exactly, in integers; empty otherwise
 * @param cropPadding zero pixels added around an image before it is cropped back to its size
 * @param views what differs between slots; a single view is shared by all
 */
public record Recipe(Ints sampleIds, List<Ints> partners, OptionalDouble blend, int cropPadding, List<View> views) {
    /** Parts into which a blend is divided. */
    public static final int BLEND_UNITS = 1 << 16;

    public Recipe {
        partners = List.copyOf(partners);
        views = List.copyOf(views);
        if (views.isEmpty()) {
            throw new IllegalArgumentException("recipe without a view: needs at least one");
        }
        Limits limits = Limits.DEFAULT;
        Sayable.between(1, limits.rowsMax(), sampleIds.size(), "rows");
        Sayable.indices(sampleIds, 1L << 31, "sample id");
        Sayable.between(0, limits.imageSideMax(), cropPadding, "crop padding");
        Sayable.count(limits.slotsMax(), views, "views");
        Sayable.count(limits.sourcesMax(), partners, "partners");
        for (Ints partner : partners) {
            if (partner.size() != sampleIds.size()) {
                throw new IllegalArgumentException(
                        "partner permutation of " + partner.size() + " rows in a batch of " + sampleIds.size());
            }
            Sayable.indices(partner, sampleIds.size(), "partner row");
        }
        blend.ifPresent(share -> Sayable.share(share, "blend"));
        if (blend.isPresent() && partners.size() != 1) {
            throw new IllegalArgumentException("blend of " + partners.size() + " partners: must be exactly one");
        }
        for (View view : views) {
            view.mustFit(sampleIds.size(), cropPadding, partners.size());
        }
    }

    /**
     * Geometry as one slot (or all) sees it.
     *
     * @param cropX left edge of each row's crop within the padded image, 0..2*cropPadding
     * @param cropY top edge, alike
     * @param flip 1 = mirrored left to right, 0 = not
     * @param boxes painted in order, box k from partner k; empty when nothing is cut
     */
    public record View(Ints cropX, Ints cropY, Ints flip, List<Box> boxes) {
        public View {
            boxes = List.copyOf(boxes);
        }

        private void mustFit(int rows, int cropPadding, int partners) {
            mustBeOneARow(cropX, rows, 2L * cropPadding + 1, "crop_x");
            mustBeOneARow(cropY, rows, 2L * cropPadding + 1, "crop_y");
            mustBeOneARow(flip, rows, 2, "flip");
            if (boxes.size() > partners) {
                throw new IllegalArgumentException(
                        boxes.size() + " boxes of " + partners + " partners: must be at most one each");
            }
        }

        private static void mustBeOneARow(Ints values, int rows, long max, String field) {
            if (values.size() != rows && values.size() != 0) {
                throw new IllegalArgumentException(field + " of " + values.size() + " rows in a batch of " + rows);
            }
            Sayable.indices(values, max, field);
        }
    }

    /** The view of {@code slot}. */
    public View view(int slot) {
        return views.size() == 1 ? views.get(0) : views.get(slot);
    }

    public int rows() {
        return sampleIds.size();
    }

    /**
     * @param views how many views a batch has; one is for every slot
     * @throws IllegalArgumentException when {@code slot} has none
     */
    public static void requireSlot(int views, int slot) {
        if (slot < 0 || (views > 1 && slot >= views)) {
            throw new IllegalArgumentException(
                    "slot " + slot + " of a batch with " + views + " views: must be 0 to " + (views - 1));
        }
    }
}
